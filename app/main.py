"""The app: five pages under one navigation bar; nothing else."""

from pathlib import Path

import streamlit as st

st.set_page_config(page_title="Latent Explorer", page_icon="🎚️", layout="wide")
st.html(Path(__file__).with_name("style.css"))

PAGES = [
    st.Page("views/explore.py", title="Explore", default=True),
    st.Page("views/compare.py", title="Compare"),
    st.Page("views/map.py", title="Map"),
    st.Page("views/train.py", title="Train"),
    st.Page("views/figures.py", title="Figures"),
]
st.navigation(PAGES, position="top").run()
