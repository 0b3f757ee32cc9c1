"""Compare in Chromium: the tiles, what a click opens, and how it fits."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from aecore import store


def whole(page: Page) -> Page:
    """Wait until the last thing on the page is drawn."""
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible(timeout=20_000)
    expect(page.locator(".js-plotly-plot .legend")).to_be_visible(timeout=20_000)
    return page


def test_every_row_shows_the_same_ten_images(open_page):
    page = whole(open_page("compare"))
    expect(page.locator("table.block")).to_have_count(1)
    assert page.locator(".block th.name .title").all_inner_texts()[:4] == ["Real", "AE", "VAE", "PCA"]
    expect(page.get_by_role("img", name="AE: Ankle boot, test image 0", exact=True)).to_be_visible()
    expect(page.locator(".block .picture")).to_have_count(10 * page.locator(".block th.name").count())
    expect(page.locator(".block td.best .error")).to_have_count(10)


def test_noise_shows_at_once_what_each_model_makes_of_it(open_page):
    page = whole(open_page("compare"))
    page.get_by_role("slider", name="Noise").press("ArrowRight")
    expect(page.locator(".block th.name .title").nth(1)).to_have_text("Noisy")
    expect(page.locator(".block th.mean")).to_have_text("mean of these 10")
    page.get_by_text("Optimised", exact=True).click()
    expect(page.locator(".block td.mean .detail").first).to_have_text("optimised codes", timeout=30_000)


def test_a_click_on_a_tile_opens_it_in_explore(open_page):
    page = whole(open_page("compare"))
    run = next(run for run in store.runs() if run.config.family == "vae")
    page.locator(f'.block a[data-run="{run.run_id}"][data-start="test-3"]').click()
    page.wait_for_url("**/?*")
    link = parse_qs(urlsplit(page.url).query)
    assert (link["run"], link["start"]) == ([run.run_id], ["test-3"])


def test_a_tile_is_a_link_of_its_own(open_page):
    page = whole(open_page("compare"))
    page.goto(page.locator('.block a[data-start="test-2"]').nth(1).evaluate("(link) => link.href"))
    expect(page.locator(".explorer")).to_be_visible(timeout=20_000)


def test_the_choice_is_still_there_on_return(open_page):
    page = whole(open_page("compare"))
    page.get_by_text("BCE", exact=True).first.click()
    expect(page.locator(".block .detail").first).to_have_text("BCE floor")
    page.get_by_role("link", name="Figures").click()
    expect(page.get_by_role("heading", name="Figures")).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator(".block .detail").first).to_have_text("BCE floor")


def test_on_a_phone_the_tiles_break_into_even_blocks(open_page, phone, overflow):
    page = whole(open_page("compare", **phone))
    expect(page.locator("table.block")).to_have_count(2)
    assert overflow(page) == 0
    for block in page.locator("table.block").all():
        assert block.locator("thead th.class").count() == 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, violations, scheme):
    assert violations(whole(open_page("compare", color_scheme=scheme))) == []
