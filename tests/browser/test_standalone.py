"""The exported page, opened from disk without a network."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from aecore import datasets, exports, make_config, store
from aecore.places import decode_code

PIXELS = """
(canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
  .filter((_, i) => i % 4 === 0)
"""
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def run():
    return next(run for run in store.runs() if run.config == make_config("ae"))


@pytest.fixture(scope="module")
def file(run, tmp_path_factory):
    place = tmp_path_factory.mktemp("page") / "ae.html"
    exports.write("html", exports.View(run), place)
    return place


@pytest.fixture
def opened(chromium, file):
    """Opens the file, offline, and waits until all is there. It may ask for nothing and log no error."""
    contexts, asked, logged = [], [], []

    def open_file(query="", **context):
        place = chromium.new_context(offline=True, **{"viewport": DESKTOP, **context})
        contexts.append(place)
        page = place.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("console", lambda message: message.type == "error" and logged.append(message.text))
        page.goto(file.as_uri() + query)
        until(page, lambda: np.ptp(shown(page, ".tiles canvas >> nth=0")) > 0)
        expect(page.locator(".waiting")).to_be_hidden()
        return page

    yield open_file
    for place in contexts:
        place.close()
    assert logged == []
    assert {re.sub(r"\?.*", "", url) for url in asked} == {file.as_uri()}


def shown(page, selector):
    return np.array(page.locator(selector).evaluate(PIXELS))


def until(page, true):
    """Wait for it; Playwright's own waiting evaluates text, which the page's policy forbids."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


def grey(run, z):
    return datasets.load(run.config.dataset).grey(run.decode(z[None])[0]).astype(int)


def test_it_shows_what_numpy_decodes(opened, run):
    page = opened("?start=test-12")
    # a canvas holds bytes; that the decoder agrees to 1e-6 is the node tests' to show, from the same weights file
    assert np.abs(shown(page, "canvas.decoded") - grey(run, run.codes[12])).max() <= 1
    expect(page.locator(".error")).to_have_text(f"{run.errors['sse'][12]:.2f}")


def test_a_slider_moves_the_picture(opened, run):
    page = opened()
    before = shown(page, "canvas.decoded")
    slider = page.locator(".sliders input").first
    index = int(slider.get_attribute("id")[1:])
    slider.focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("[?&]z="))
    z = decode_code(page.evaluate("new URLSearchParams(location.search).get('z')"))
    assert z[index] == pytest.approx(float(slider.get_attribute("max")), rel=1e-5)
    after = shown(page, "canvas.decoded")
    assert np.abs(after - before).max() > 30
    assert np.abs(after - grey(run, z)).max() <= 1


def test_its_own_address_reopens_a_code(opened):
    page = opened()
    page.locator(".random").click()
    expect(page).to_have_url(re.compile("[?&]z="))
    picture, query = shown(page, "canvas.decoded"), page.evaluate("location.search")
    np.testing.assert_array_equal(shown(opened(query), "canvas.decoded"), picture)


@pytest.mark.parametrize("title", ["PCA", "t-SNE"])
def test_a_drag_on_the_map_decodes_and_opens(opened, title):
    page = opened()
    page.get_by_role("button", name=title, exact=True).click()
    expect(page.locator(".waiting")).to_be_hidden()
    expect(page.locator(".told")).to_contain_text("of the codes' variance")
    page.locator("canvas.over").scroll_into_view_if_needed()
    box = page.locator("canvas.over").bounding_box()
    before = shown(page, "canvas.picture")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4, steps=6)
    page.mouse.up()
    until(page, lambda: (shown(page, "canvas.picture") != before).any())
    walked = shown(page, "canvas.picture")
    page.get_by_role("button", name="Open in Explore").click()
    expect(page).to_have_url(re.compile("[?&]z="))
    np.testing.assert_array_equal(shown(page, "canvas.decoded"), walked)


def test_a_lasso_shows_its_group_and_the_address_reopens_the_map(opened):
    page = opened()
    page.get_by_role("button", name="t-SNE", exact=True).click()
    expect(page.locator(".told")).to_contain_text("t-SNE has no inverse")
    page.locator("canvas.over").scroll_into_view_if_needed()
    page.get_by_role("button", name="Lasso").click()
    box = page.locator("canvas.over").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for x, y in ((-20, 20), (-20, -70), (20, -70)):
        page.mouse.move(box["x"] + x % box["width"], box["y"] + y % box["height"], steps=4)
    page.mouse.up()
    expect(page.locator(".count")).to_contain_text("images")
    expect(page.locator(".keep")).to_be_hidden()  # there is no server to keep it
    page.get_by_label("Colour").select_option("sse")
    expect(page).to_have_url(re.compile("(?=.*map=tsne)(?=.*by=sse)"))
    again = opened(page.evaluate("location.search"))
    expect(again.locator(".told")).to_contain_text("t-SNE has no inverse")
    expect(again.get_by_label("Colour")).to_have_value("sse")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_and_nothing_overflows(opened, violations, overflow, scheme, size):
    page = opened(viewport=size, color_scheme=scheme)
    assert violations(page) == []
    assert overflow(page) == 0
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 20)"
    assert dark == (scheme == "dark")
