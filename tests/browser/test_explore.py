"""Explore in Chromium: the picture follows the thumb, keys and links work, and it fits a phone."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from aecore import store

# Counts inputs and decodes, and which pictures were seen, as a drag goes on.
WATCH = """
() => {
  globalThis.watched = { inputs: 0, decodes: 0 };
  addEventListener("input", () => watched.inputs++);
  addEventListener("decoded", () => watched.decodes++);
}
"""


def picture(page: Page, selector: str = ".decoded") -> str:
    return page.locator(selector).first.evaluate("(canvas) => canvas.toDataURL()")


def slider(page: Page, at: int = 0):
    return page.locator(".sliders input").nth(at)


def link(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def value(page: Page, at: int = 0) -> float:
    return float(page.locator(".sliders .value").nth(at).inner_text().replace("−", "-"))


def wait_for_link(page: Page, part: str) -> None:
    page.wait_for_function("(part) => location.search.includes(part)", arg=part)


def test_every_input_of_a_drag_is_decoded_without_the_server(explore):
    page, sent = explore(), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    page.reload()  # the listener sees the sockets that open from now on
    explore(page).evaluate(WATCH)
    page.wait_for_timeout(500)
    before, box = picture(page), slider(page).bounding_box()
    left, width, middle = box["x"], box["width"], box["y"] + box["height"] / 2
    page.mouse.move(left + width / 2, middle)
    page.mouse.down()
    sent.clear()
    seen = set()
    for step in range(60):
        page.mouse.move(left + width * (0.1 + 0.8 * step / 60), middle)
        if step % 10 == 0:
            seen.add(picture(page))
    page.wait_for_timeout(500)
    assert sent == [], "the server was asked during the drag"
    page.mouse.up()
    watched = page.evaluate("watched")
    assert watched["inputs"] >= 30
    assert watched["decodes"] == watched["inputs"]
    assert len(seen) == 6
    assert before not in seen
    wait_for_link(page, "z=")
    page.wait_for_timeout(500)
    assert sent, "the server hears of the code when the drag has ended"


def test_the_strip_follows_the_slider_in_hand(explore):
    page = explore()
    first, title = picture(page, ".tiles canvas"), page.locator(".strip h2").inner_text()
    slider(page, 3).focus()
    expect(page.locator(".strip h2")).not_to_have_text(title)
    page.wait_for_timeout(100)
    assert picture(page, ".tiles canvas") != first
    low = page.locator(".strip h2").inner_text().split(" from ")[1].split(" to ")[0].replace("−", "-")
    page.locator(".tiles button").first.click()
    assert value(page, 3) == pytest.approx(float(low), abs=0.06)
    wait_for_link(page, "z=")


def test_keys_move_and_bring_back_a_slider(explore):
    page = explore()
    start, before = value(page), picture(page)
    held = slider(page)
    low, high = (float(held.get_attribute(name)) for name in ("min", "max"))
    held.focus()
    for key, expected in [
        ("ArrowRight", start + (high - low) / 100),
        ("ArrowLeft", start),
        ("PageDown", start - (high - low) / 10),
        ("PageUp", start),
        ("Home", low),
        ("End", high),
        ("Delete", start),
    ]:
        page.keyboard.press(key)
        assert value(page) == pytest.approx(expected, abs=0.011), key
    assert picture(page) == before


def test_double_click_brings_back_one_slider_and_reset_all(explore):
    page = explore()
    before, starts = picture(page), (value(page, 0), value(page, 1))
    for at in (0, 1):
        slider(page, at).focus()
        page.keyboard.press("PageUp")
    page.locator(".row label").first.dblclick()
    assert value(page, 0) == starts[0]
    assert value(page, 1) != starts[1]
    page.get_by_role("button", name="Random").click()
    assert picture(page) != before
    page.get_by_role("button", name="Reset").click()
    assert (value(page, 0), value(page, 1)) == starts
    assert picture(page) == before


def test_undo_and_redo(explore):
    page = explore()
    first = picture(page)
    page.get_by_role("button", name="Random").click()
    wait_for_link(page, "z=")
    second = picture(page)
    page.get_by_role("button", name="Undo").click()
    assert picture(page) == first
    slider(page).focus()
    page.keyboard.press("Control+Shift+Z")
    assert picture(page) == second
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
    page.keyboard.press("Control+z")
    assert picture(page) == first


def test_the_gauge_says_where_a_code_lies(explore):
    page = explore()
    expect(page.locator(".gauge output")).to_contain_text("of the test codes")
    before = page.locator(".gauge output").inner_text()
    for at in range(8):
        slider(page, at).focus()
        page.keyboard.press("End")
    expect(page.locator(".gauge")).to_have_class(re.compile("outside"))
    assert page.locator(".gauge output").inner_text() != before


def test_interpolation_goes_from_a_to_b_and_its_link_reopens_it(explore):
    page = explore("?start=test-3")
    page.get_by_role("tab", name="Interpolate").click()
    page.get_by_role("button", name="A = here").click()
    here = picture(page)
    page.get_by_role("button", name="Random").click()
    page.get_by_role("button", name="B = here").click()
    there = picture(page)
    page.locator(".way").select_option("slerp")
    ways = page.locator(".panel > :not([hidden]) .tiles button")
    ways.first.click()
    assert picture(page) == here
    ways.last.click()
    assert picture(page) == there
    wait_for_link(page, "view=slerp")
    other = explore(page.url.split("/", 3)[3])
    expect(other.get_by_role("tab", name="Interpolate")).to_have_attribute("aria-selected", "true")
    other.locator(".panel > :not([hidden]) .tiles button").first.click()
    assert picture(other) == here


def test_playing_moves_the_picture_and_stops(explore):
    page = explore("?panel=interpolate")
    page.get_by_role("button", name="Play").click()
    seen = picture(page)
    page.wait_for_timeout(300)
    assert picture(page) != seen
    page.get_by_role("button", name="Stop").click()
    still = picture(page)
    page.wait_for_timeout(100)
    assert picture(page) == still


def test_tabs_move_by_keys(explore):
    page = explore()
    page.get_by_role("tab", name="Traversal").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Interpolate")).to_be_focused()
    wait_for_link(page, "panel=interpolate")
    page.keyboard.press("Home")
    expect(page.locator(".marker")).to_be_visible()


def test_starts(explore):
    page = explore()
    page.locator(".class").select_option("Bag")
    expect(page.locator(".title")).to_have_text("Bag")
    page.locator(".index").fill("7")
    page.locator(".index").press("Enter")
    expect(page.locator(".detail")).to_have_text("test image 7")
    page.locator(".pictures button").nth(1).click()
    expect(page.locator(".detail")).not_to_have_text("test image 7")
    page.get_by_role("button", name="Others").click()
    expect(page.locator(".pictures button")).to_have_count(8)
    page.get_by_text("Class mean").click()
    expect(page.locator(".pictures button")).to_have_count(10)
    page.get_by_role("button", name="Trouser").click()
    expect(page.locator(".title")).to_have_text("Trouser")
    expect(page.locator(".sse")).to_be_hidden()
    page.get_by_text("Sample", exact=True).click()
    expect(page.locator(".note")).to_have_text("from a Gaussian fitted to the test codes")
    page.get_by_text("Zero", exact=True).click()
    assert value(page) == 0
    wait_for_link(page, "start=zero")


def test_a_link_reopens_the_picture_in_another_browser(explore):
    page = explore("?start=test-25")
    page.get_by_role("button", name="Random").click()
    wait_for_link(page, "z=")
    assert link(page)["start"] == "test-25"
    other = explore(page.url.split("/", 3)[3])
    assert picture(other) == picture(page)
    assert picture(other, ".origin") == picture(page, ".origin")
    assert link(other) == link(page)


def test_the_place_is_kept_over_page_switches_and_reloads(explore):
    page = explore()
    slider(page).focus()
    page.keyboard.press("Home")
    wait_for_link(page, "z=")
    page.wait_for_timeout(300)
    before = picture(page)
    page.get_by_test_id("stTopNav").get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", name="Map")).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Explore").click()
    assert picture(explore(page)) == before
    assert "z" in link(page)
    page.reload()
    assert picture(explore(page)) == before


def test_another_model_shows_the_same_image(explore, offered):
    page = explore("?start=test-42")
    real = picture(page, ".origin")
    vae = next(run for run in store.runs() if run.config.family == "vae")
    offered(page, re.compile("^VAE")).click()
    wait_for_link(page, vae.run_id)
    expect(page.get_by_text("Prior sample")).to_be_visible()
    explore(page)
    assert picture(page, ".origin") == real
    sse = float(page.locator(".error").inner_text())
    assert sse == pytest.approx(float(vae.errors["sse"][42]), abs=0.006)


def test_large_parts_travel_once(explore):
    page, received = explore(), []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.reload()
    explore(page)
    page.wait_for_timeout(3000)  # the last part has arrived, and the next rerun can say so
    assert sum(received) > 5_000_000
    received.clear()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", name="Map")).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Explore").click()
    explore(page)
    page.wait_for_timeout(500)
    assert sum(received) < 200_000


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("run=ae-gone-z20-00000000", "“ae-gone-z20-00000000” is not on this computer"),
        ("start=test-999999", "“test-999999” does not exist"),
        ("z=AAAA", "code is damaged"),
        ("z=AACAPwAAAL8", "code has 2 numbers where this model's have 20"),
    ],
)
def test_a_wrong_link_gets_a_sentence_and_a_picture(explore, query, words):
    page = explore(f"?{query}")
    expect(page.get_by_test_id("stAlert")).to_contain_text(words)
    assert link(page) == {"run": store.runs()[0].run_id, "start": "test-0"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("panel", ["traversal", "interpolate"])
def test_axe_finds_nothing(explore, violations, scheme, panel):
    assert violations(explore(f"?panel={panel}", color_scheme=scheme)) == []


def test_one_screen_on_a_desktop(explore):
    page = explore()
    marker = page.locator(".marker").bounding_box()
    assert marker["y"] + marker["height"] <= 800


def test_a_phone_keeps_the_picture_in_sight(explore, phone, overflow):
    page = explore(**phone)
    assert overflow(page) <= 0
    slider(page, 19).scroll_into_view_if_needed()
    slider(page, 19).tap()
    box = page.locator(".decoded").bounding_box()
    assert 0 <= box["y"] < 100
    assert overflow(page) <= 0
