"""Streamlit shows what `plain` makes of any text as that text, in every element that reads Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

ROOT = Path(__file__).parents[2]

TEXTS = [
    "AE · 20-d · Fashion-MNIST · 100 epochs", "plain_name with_under_scores and 2 < 3 & 4 > 1, [0, 1], [1,2](a)",
    "**bold** *em* _em_ __bold__ ~~gone~~ ~gone~ `code` ``code``",
    "![picture](https://example.invalid/a.png) [link](https://example.invalid) [link][a] [a]: b [^1] [x]",
    "<img src='https://example.invalid/a.png'> <b>bold</b> <!-- gone --> <https://example.invalid> &lt; &#60; &amp",
    "https://example.invalid http://a.invalid www.example.invalid WWW.a.invalid ftp://a a@example.invalid mailto:a@b.c",
    ":red[text] :small[:blue[text]] ::red[text] :::red :material/home: :material_home: :streamlit: :badge[x]",
    ":smile: a:smile:b :+1: :-1: :100: 12:30:45 :漢<= :a-b_c: :) :-) <3",
    "-> <- <-> -- >= <= ~= a->b a -> b -> c x -- y", "$x^2$ $$x$$ \\(x\\) \\alpha \\* \\\\ \\", "# heading",
    "## heading", "> quote", "- item", "+ item", "* item", "1. item", "12) item", "1.", "---", "===", "***",
    "- [ ] task", "| a | b | |---|---|", "    indented", '\ttab', 'two\nlines\n\nthree',
    'a 👨\u200d👩\u200d👧 نمی\u200cخواهم', 'a\r\nb', 'a  \nb', '\n# x', '```python\ncode\n```', "~~~",
    'line\u2028separator\x85\x0b\x0c', "{{template}} ${js} %(x)s {0} %{y}", "a*b*c_d_e",
    "'quotes' \"quotes\" “quotes”", '\x00\x1b[31mred', "ünïcödé 漢字 עברית 🙂", "[", "]", "(", "![", "](", "*", "_",
    ":", "@", "\\", "`", "<", "a:b", "a::b", "a:b[c]", "C:\\folder\\file", "~/folder/*.png", "__init__.py", "**",
    "a**b", "*a",
]  # fmt: skip

APP = """
import json, sys
import streamlit as st
sys.path.insert(0, {app!r})
from plain import plain, said
texts = json.loads({texts!r})
names = [plain(text) for text in texts]
for at, (text, name) in enumerate(zip(texts, names)):
    with st.container(key=f"n{{at}}"):
        st.caption(name)
        st.markdown(name)
        st.markdown(f"**{{name}}**")
        st.info(name)
        st.error(said(text))
        st.progress(0.5, name)
        st.button(name, key=f"button {{at}}")
        st.metric(name, "1")
        st.page_link("https://example.invalid", label=name)
        st.download_button(name, b"", key=f"download {{at}}")
        st.popover(name)
        st.expander(name)
        st.image(bytes.fromhex({png!r}), caption=name)
st.segmented_control("Choose", range(len(names)), format_func=names.__getitem__, key="one")
st.pills("Choose", range(len(names)), format_func=names.__getitem__, key="two")
with st.container(key="boxes"):
    for at, text in enumerate(texts[:12]):
        st.selectbox("Choose", [text, "other"], key=f"box {{at}}")
    st.multiselect("Choose", texts[:12], texts[:12], key="many")
if st.button("Tell"):
    for name in names[{first}:{first} + 8]:
        st.toast(name)
"""

FIRST = 2  # of the texts that are told as toasts
ELEMENTS, INERT = 12, {"p", "span", "strong"}
PNG = (
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)

# The text of every element that shows Markdown, and the names of the elements inside it.
SHOWN = """(root) => [...root.querySelectorAll('[data-testid="stMarkdownContainer"]')].map((one) => ({
  text: one.textContent,
  tags: [...one.querySelectorAll("*")].map((inner) => inner.tagName.toLowerCase()),
}))"""


VALUE = "(box) => box.querySelector('input')?.value || box.querySelector('[data-baseweb=select]')?.textContent"
MADE = """(root) => [...root.querySelectorAll("a, img, em, i, b, strong, code, del")].map((one) => one.outerHTML)"""


def as_shown(text: str) -> str:
    """Blanks are one blank to a reader, and so is what cannot be printed."""
    return " ".join(
        "".join(letter if letter.isprintable() or letter in "\u200c\u200d" else " " for letter in text).split()
    )


def check(elements: list[dict[str, Any]], texts: list[str]) -> None:
    assert [as_shown(one["text"]) for one in elements] == [as_shown(text) for text in texts]
    assert {tag for one in elements for tag in one["tags"]} <= INERT


def test_any_text_is_shown_as_it_is(served: Callable, chromium: Browser, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text("[browser]\ngatherUsageStats = false\n")
    script.write_text(APP.format(app=str(ROOT / "app"), texts=json.dumps(TEXTS), png=PNG, first=FIRST))
    with served(tmp_path, script) as address, chromium.new_context() as context:
        page, outside = context.new_page(), []
        page.on("request", lambda request: request.url.startswith(address) or outside.append(request.url))
        page.goto(address)
        expect(page.get_by_role("button", name="Tell")).to_be_visible(timeout=60_000)
        for at in range(len(TEXTS)):  # some elements come late
            expect(page.locator(f'.st-key-n{at} [data-testid="stMarkdownContainer"]')).to_have_count(ELEMENTS)
        shown = {text: page.locator(f".st-key-n{at}").evaluate(SHOWN) for at, text in enumerate(TEXTS)}
        page.get_by_role("button", name="Tell").click()
        toasts = page.get_by_test_id("stToast")
        expect(toasts.first).to_be_visible()
        told = [one["text"] for one in toasts.first.evaluate(SHOWN)]
        options = page.locator(".st-key-one, .st-key-two").evaluate_all(f"(found) => found.map({SHOWN})")
        boxes = page.get_by_test_id("stSelectbox")
        chosen = boxes.evaluate_all(f"(found) => found.map({VALUE})")
        many = page.get_by_test_id("stMultiSelect").text_content() or ""
        drawn = page.locator(".st-key-boxes").evaluate(MADE)
    assert [as_shown(text) for text in chosen] == [as_shown(text) for text in TEXTS[:12]]
    assert all(as_shown(text) in as_shown(many) for text in TEXTS[:12])
    assert drawn == []
    for text, elements in shown.items():
        assert len(elements) == ELEMENTS
        check([one for one in elements if one["text"] != "1"], [text] * (ELEMENTS - 1))
    for _, *choices in options:
        check(choices, TEXTS)
    assert as_shown(told[0]) in map(as_shown, TEXTS)
    assert [url for url in outside if not url.startswith(("data:", "ws:", "blob:"))] == []
