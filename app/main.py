"""The app: five pages under one navigation bar, and after each the large parts that it asked for."""

from pathlib import Path

import components
import streamlit as st
from plain import said

from aecore.errors import AecoreError, system_errors

HERE = Path(__file__).parent

st.set_page_config(page_title="Latent Explorer", page_icon=str(HERE / "mark.svg"), layout="wide")
st.logo(HERE / "mark.svg")
st.html(HERE / "style.css")

PAGES = [
    st.Page("views/explore.py", title="Explore", default=True),
    st.Page("views/compare.py", title="Compare"),
    st.Page("views/map.py", title="Map"),
    st.Page("views/train.py", title="Train"),
    st.Page("views/figures.py", title="Figures"),
]
try:
    with system_errors(), components.last():
        st.navigation(PAGES, position="top").run()
except AecoreError as error:
    st.error(said(error))
