"""Figures in Chromium: every picture is there and can be downloaded."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from aecore import AecoreError, figures
from aecore.figures import FIGURES
from aecore.grids import DPI


def can_be_shown(name: str) -> bool:
    try:
        return bool(figures.make(name))
    except AecoreError:
        return figures.kept(name) is not None


def whole(page: Page) -> Page:
    """Wait until every figure that can be made here is drawn."""
    shown = sum(map(can_be_shown, FIGURES))
    expect(page.get_by_role("button", name="Download PNG")).to_have_count(shown, timeout=30_000)
    page.wait_for_function(
        "(n) => [...document.querySelectorAll('[data-testid=stImage] img')].filter((i) => i.naturalWidth).length === n",
        arg=shown,
    )
    return page


def test_a_figure_is_downloaded_for_print(open_page):
    page = whole(open_page("figures"))
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download PNG").last.click()
    assert downloading.value.suggested_filename == "figure-12.20.png"
    image = Image.open(BytesIO(downloading.value.path().read_bytes()))
    assert image.size == (1400, 1400)
    assert round(image.info["dpi"][0]) == DPI


def test_on_a_phone_the_figures_stand_under_one_another(open_page, phone, overflow):
    page = whole(open_page("figures", **phone))
    assert overflow(page) == 0
    lefts = {round(image.bounding_box()["x"]) for image in page.locator("[data-testid=stImage] img").all()}
    assert len(lefts) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, violations, scheme):
    assert violations(whole(open_page("figures", color_scheme=scheme))) == []
