"""The map in Chromium: hover, drag, click, keys, touch and width."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from aecore import evaluation, store
from aecore.datasets import load
from aecore.projection import lift, plane

# Notes what a drag does: moves of a pressed pointer, paintings of the decoded picture, words to the server.
WATCH = """
  () => {
    globalThis.watched = { inputs: [], paints: [], sent: 0 };
    addEventListener("pointermove", (event) => event.buttons && watched.inputs.push(event.timeStamp), true);
    const put = CanvasRenderingContext2D.prototype.putImageData;
    CanvasRenderingContext2D.prototype.putImageData = function (...words) {
      put.apply(this, words);
      if (this.canvas.className === "picture") watched.paints.push(performance.now());
    };
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...words) {
      watched.sent++;
      send.apply(this, words);
    };
  }
"""


@pytest.fixture
def run():
    """The first shipped run, which the page shows first."""
    return store.runs()[0]


@pytest.fixture
def open_map(open_page):
    """Opens the map and waits until it is drawn."""

    def opened(**context) -> Page:
        page = open_page("map", **context)
        expect(page.locator(".where")).to_contain_text("nearest test image", timeout=20_000)
        return page

    return opened


def points_on_screen(page: Page, run, method: str) -> np.ndarray:
    """Where the test codes lie in the window, (n, 2), as the whole map is shown; (x, y) of the page."""
    box = page.locator(".over").bounding_box()
    points = run.maps[method]
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min((box["width"] - 36) / (high - low)[0], (box["height"] - 36) / (high - low)[1])
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return centre + (points - (low + high) / 2) * (scale, -scale)


def lonely(points: np.ndarray) -> int:
    """A point whose nearest neighbour is far away, so that pointing at it can mean no other."""
    gaps = [np.partition(((points - point) ** 2).sum(axis=1), 1)[1] for point in points[:500]]
    return int(np.argmax(gaps))


def picture(page: Page, name: str = ".picture") -> np.ndarray:
    """What a canvas shows, (28, 28) of bytes."""
    read = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    return np.array(page.locator(name).evaluate(read)).reshape(28, 28)


def choose(page: Page, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name=name, exact=True).click()


def test_pointing_at_a_dot_shows_its_image_and_reconstruction(open_map, run):
    page = open_map()
    at = points_on_screen(page, run, "pca")
    index = lonely(at)
    page.mouse.move(*at[index])
    expect(page.locator(".card")).to_be_visible()
    dataset = load(run.config.dataset)
    words = f"{dataset.classes[dataset.test_labels[index]]} #{index} · SSE {run.errors['sse'][index]:.2f}"
    expect(page.locator(".what")).to_have_text(words)
    np.testing.assert_array_equal(picture(page, ".real"), dataset.test_images[index])
    rebuilt = run.reconstruct(evaluation.pixels(dataset.test_images[index : index + 1])).reshape(28, 28)
    np.testing.assert_allclose(picture(page, ".rebuilt"), 255 * rebuilt.clip(0, 1), atol=0.6)


def test_the_card_stays_inside_the_map(open_map, run):
    page = open_map()
    at = points_on_screen(page, run, "pca")
    frame = page.locator(".map").bounding_box()
    for index in {*at.argmin(axis=0), *at.argmax(axis=0)}:
        page.mouse.move(*at[index])
        expect(page.locator(".card")).to_be_visible()
        card = page.locator(".card").bounding_box()
        assert frame["x"] <= card["x"] and card["x"] + card["width"] <= frame["x"] + frame["width"]
        assert frame["y"] <= card["y"] and card["y"] + card["height"] <= frame["y"] + frame["height"]


def test_a_drag_decodes_every_frame_without_the_server(open_map, run):
    page = open_map()
    page.evaluate(WATCH)
    box = page.locator(".over").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = picture(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + 3 * step, y - step)
    page.wait_for_timeout(200)
    inputs, paints, sent = page.evaluate("[watched.inputs, watched.paints, watched.sent]")
    page.mouse.up()
    assert sent == 0
    assert len(inputs) >= 50
    assert len(paints) <= len(inputs) and paints[-1] > inputs[-1]
    assert not np.array_equal(picture(page), before)


def test_on_pcas_map_a_drag_decodes_the_point_of_the_plane(open_map, run):
    page = open_map()
    box = page.locator(".over").bounding_box()
    x, y = round(box["x"] + box["width"] / 3), round(box["y"] + box["height"] / 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 25)
    page.wait_for_timeout(200)
    at = points_on_screen(page, run, "pca")
    linear = np.polynomial.polynomial.polyfit  # screen -> plane, each axis apart
    (a, b), (c, d) = (linear(at[:, axis], run.maps["pca"][:, axis], 1) for axis in (0, 1))
    u = np.array([[a + b * (x + 40), c + d * (y + 25)]], np.float32)
    expected = 255 * run.decode(lift(u, plane(run.codes))).clip(0, 1).reshape(28, 28)
    np.testing.assert_allclose(picture(page), expected, atol=2)


def test_on_a_dot_of_the_t_sne_map_the_picture_is_that_images_reconstruction(open_map, run):
    page = open_map()
    choose(page, "t-SNE")
    expect(page.get_by_text("t-SNE has no inverse")).to_be_visible()
    page.locator(".over").focus()
    page.wait_for_timeout(500)  # the cursor starts on test image 0
    expected = 255 * run.decode(run.codes[:1]).clip(0, 1).reshape(28, 28)
    np.testing.assert_allclose(picture(page), expected, atol=2)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert np.abs(picture(page) - expected).max() > 2


def test_a_click_on_a_dot_opens_it_in_explore(open_map, run):
    page = open_map()
    at = points_on_screen(page, run, "pca")
    index = lonely(at)
    page.mouse.click(*at[index])
    expect(page).to_have_url(re.compile(rf"run={run.run_id}.*start=test-{index}(&|$)"))
    expect(page.get_by_text(f"test image {index}")).to_be_visible()


def test_a_click_beside_the_dots_decodes_and_stays(open_map):
    page = open_map()
    before = picture(page)
    box = page.locator(".over").bounding_box()
    page.mouse.click(box["x"] + 6, box["y"] + 6)
    page.wait_for_timeout(300)
    assert "/map" in page.url
    assert not np.array_equal(picture(page), before)


def test_keys_move_the_cursor_zoom_and_open(open_map, run):
    page = open_map()
    before = picture(page)
    page.locator(".over").focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_timeout(200)
    assert not np.array_equal(picture(page), before)
    fit = page.get_by_role("button", name="Fit")
    expect(fit).to_be_disabled()
    page.keyboard.press("+")
    expect(fit).to_be_enabled()
    page.keyboard.press("0")
    expect(fit).to_be_disabled()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"run={run.run_id}.*z="))


def test_the_wheel_zooms_where_it_points_and_shift_moves(open_map, run):
    page = open_map()
    at = points_on_screen(page, run, "pca")
    index = lonely(at)
    page.mouse.move(*at[index])
    page.mouse.wheel(0, -600)
    expect(page.get_by_role("button", name="Fit")).to_be_enabled()
    page.mouse.move(at[index][0] + 1, at[index][1])
    expect(page.locator(".what")).to_contain_text(f"#{index} ")
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(at[index][0] + 61, at[index][1] + 30)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.mouse.move(at[index][0] + 62, at[index][1] + 30)
    expect(page.locator(".what")).to_contain_text(f"#{index} ")


def test_a_class_stands_out_while_it_is_pointed_at(open_map):
    page = open_map()
    digest = "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = 0; \
              for (let i = 0; i < d.length; i += 4) s = (s * 31 + d[i]) >>> 0; return s; }"
    dots = page.locator(".dots")
    all_of_them = dots.evaluate(digest)
    bag = page.get_by_role("button", name="Bag")
    bag.hover()
    page.wait_for_timeout(200)
    assert dots.evaluate(digest) != all_of_them
    bag.click()
    expect(bag).to_have_attribute("aria-pressed", "true")
    bag.click()
    page.mouse.move(5, 5)
    page.wait_for_timeout(200)
    assert dots.evaluate(digest) == all_of_them


def test_on_a_phone_nothing_is_cut_and_a_second_tap_opens(open_map, phone, overflow, run):
    page = open_map(**phone)
    assert overflow(page) <= 0
    assert page.locator(".map").bounding_box()["width"] >= 340
    at = points_on_screen(page, run, "pca")
    index = lonely(at)
    page.touchscreen.tap(*at[index])
    expect(page.locator(".what")).to_contain_text(f"#{index} ")
    expect(page.locator(".hint")).to_have_text("Tap again to open it")
    page.touchscreen.tap(*at[index])
    expect(page).to_have_url(re.compile(rf"start=test-{index}(&|$)"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_map, violations, scheme):
    page = open_map(color_scheme=scheme)
    assert violations(page) == []
