"""Explore in Chromium: the picture follows the thumb, keys and links work, and it fits a phone."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from aecore import datasets, latents, store
from aecore.places import decode_code
from aecore.plausible import aggregate, fit_cloud

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
    slider(page, 3).focus()
    page.keyboard.press("Control+Shift+Z")
    assert picture(page) == second
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
    page.keyboard.press("Control+z")
    assert picture(page) == first
    page.keyboard.press("Control+y")
    assert picture(page) == second


def test_undo_goes_back_over_starts_panels_models_and_pages(explore, offered):
    page = explore("?start=test-42")
    run, first = link(page)["run"], picture(page)
    page.locator(".index").fill("7")
    page.locator(".index").press("Enter")
    wait_for_link(page, "start=test-7")
    page.get_by_role("tab", name="Interpolate").click()
    wait_for_link(page, "panel=interpolate")
    offered(page, "PCA").click()
    page.wait_for_function("(run) => !location.search.includes(run)", arg=run)
    page.get_by_test_id("stTopNav").get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", name="Map")).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Explore").click()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.get_by_role("button", name="Undo").click()
    wait_for_link(page, run)
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("tab", name="Traversal")).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".detail")).to_have_text("test image 42")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert picture(explore(page)) == first
    for _ in range(2):
        page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Redo").click()
    page.wait_for_function("(run) => !location.search.includes(run)", arg=run)
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_copy_link(explore):
    page = explore(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Random").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copy link")).to_have_text("✓")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url
    assert "z=" in copied
    slider(page).focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("Shift+L")
    page.wait_for_function("(before) => navigator.clipboard.readText().then((text) => text !== before)", arg=copied)


def test_the_gauge_says_where_a_code_lies(explore):
    page, run = explore(), store.runs()[0]
    share = fit_cloud(aggregate(run)).share(run.codes[:1])[0]
    expect(page.locator(".plausible")).to_have_text(f"beyond {100 * share:.1f} % of the test codes")
    assert page.locator(".tiles .outside").count() < 11
    for at in range(8):
        slider(page, at).focus()
        page.keyboard.press("End")
    expect(page.locator(".gauge")).to_have_class(re.compile("outside"))
    expect(page.locator(".tiles .outside")).to_have_count(11)
    page.get_by_role("button", name="What plausibility means").click()
    expect(page.get_by_text("Mahalanobis")).to_be_visible()
    expect(page.get_by_text("N(0, I)")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Mahalanobis")).to_be_hidden()


def ends_of_data(page: Page, at: int) -> list[float]:
    row = page.locator(".row").nth(at)
    return [float(row.evaluate(f"(row) => row.style.getPropertyValue('--data-{end}')")) for end in ("low", "high")]


def test_a_track_is_thin_where_its_slider_leads_out_of_the_data(explore):
    page, run = explore(), store.runs()[0]
    index = int(slider(page).get_attribute("id")[1:])
    low, high = (float(slider(page).get_attribute(name)) for name in ("min", "max"))
    cloud, values = fit_cloud(aggregate(run)), np.linspace(low, high, 2001, dtype=np.float32)
    inside = values[~cloud.outside(latents.traversal(run.codes[0], index, values))]
    expected = (inside[[0, -1]] - low) / (high - low)
    np.testing.assert_allclose(ends_of_data(page, 0), expected, atol=1e-3)


def test_a_vaes_sliders_show_its_posterior(explore):
    vae = next(run for run in store.runs() if run.config.family == "vae")
    page = explore(f"?run={vae.run_id}&start=test-3")
    expect(page.locator(".spread-sign")).to_be_visible()
    expect(page.locator(".plausible")).to_contain_text("% of the prior")
    data = datasets.load(vae.config.dataset)
    sigma = np.exp(vae.stacks["logvar"](data.pixels(data.test_images[3:4]))[0] / 2)
    for at in (0, 10):
        index = int(slider(page, at).get_attribute("id")[1:])
        words = f"posterior {vae.codes[3, index]:.2f} ± {sigma[index]:.2f}".replace("-", "−").replace("−0.00", "0.00")
        expect(slider(page, at)).to_have_attribute("aria-description", words)
    page.get_by_text("Zero", exact=True).click()
    expect(page.locator(".spread")).to_have_count(0)
    page.get_by_role("tab", name="Posterior").click()
    expect(page.get_by_text("belongs to an image")).to_be_visible()


def test_posterior_draws(explore):
    vae = next(run for run in store.runs() if run.config.family == "vae")
    page = explore(f"?run={vae.run_id}&start=test-3&panel=posterior")
    tiles = page.locator(".panel > :not([hidden]) .tiles button")
    mean = picture(page)
    tiles.nth(4).click()
    drawn = picture(page)
    assert drawn != mean
    tiles.first.click()
    assert picture(page) == mean
    page.keyboard.press("Shift+D")
    wait_for_link(page, "view=1")
    other = explore(page.url.split("/", 3)[3])
    page.wait_for_timeout(100)
    for one in (page, other):
        one.locator(".panel > :not([hidden]) .tiles button").nth(4).click()
    assert picture(page) == picture(other) != drawn


def test_only_vaes_have_a_posterior(explore):
    page = explore("?panel=posterior")
    expect(page.get_by_role("tab", name="Posterior")).to_be_hidden()
    expect(page.locator(".misread")).to_have_text("This model has no panel “posterior”.")
    page.get_by_role("tab", name="Models").click()
    expect(page.locator(".misread")).to_be_hidden()


ROW = ".panel > :not([hidden]) .tiles"


def test_interpolation_goes_from_a_to_b_and_its_link_reopens_it(explore):
    page = explore("?start=test-3&panel=interpolate")
    here = picture(page)
    page.get_by_role("button", name="Random").click()
    page.get_by_role("button", name="B = here").click()
    there = picture(page)
    page.locator(".way").select_option("slerp")
    wait_for_link(page, "view=slerp")
    steps = page.locator(f"{ROW} button")
    steps.first.click()
    assert picture(page) == here
    steps.last.click()
    assert picture(page) == there
    page.locator(".along").focus()
    page.keyboard.press("Home")
    assert picture(page) == here
    other = explore(page.url.split("/", 3)[3])
    expect(other.get_by_role("tab", name="Interpolate")).to_have_attribute("aria-selected", "true")
    other.locator(f"{ROW} button").last.click()
    assert picture(other) == there
    expect(other.get_by_label("A: number of a test image")).to_have_value("3")


def test_steps_say_how_plausible_they_are(explore):
    page, run = explore("?start=test-3&panel=interpolate&view=slerp.test-3.test-0"), store.runs()[0]
    way = latents.slerp(run.codes[3], run.codes[0], np.linspace(0, 1, 11))
    shares = np.rint(100 * fit_cloud(aggregate(run)).share(way))
    expect(page.locator(".step")).to_have_text([f"{share:.0f}" for share in shares])


def test_other_models_go_the_same_way(explore):
    page = explore("?start=test-3&panel=interpolate")
    page.get_by_role("button", name="Other models").click()
    page.get_by_role("checkbox", name="PCA", exact=True).check()
    rows = page.locator(ROW)
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator(".step")).to_have_count(11, timeout=20_000)
    pca = next(run for run in store.runs() if run.config.family == "pca")
    ends = [int(page.get_by_label(f"{end}: number of a test image").input_value()) for end in "AB"]
    way = latents.lerp(*pca.codes[ends], np.linspace(0, 1, 11))
    shares = np.rint(100 * fit_cloud(aggregate(pca)).share(way))
    expect(rows.nth(1).locator(".step")).to_have_text([f"{share:.0f}" for share in shares])
    wait_for_link(page, pca.run_id)
    other = explore(page.url.split("/", 3)[3])
    expect(other.locator(ROW).nth(1).locator(".step")).to_have_count(11, timeout=20_000)
    run = link(page)["run"]
    rows.nth(1).locator("button").last.click()
    page.wait_for_function("(run) => !location.search.includes(`run=${run}`)", arg=run)
    np.testing.assert_allclose(decode_code(link(page)["z"]), way[-1], atol=1e-4)


def test_ends_by_keys_and_by_number(explore):
    page = explore("?start=test-3&panel=interpolate")
    slider(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+A")
    moved = picture(page)
    page.get_by_label("B: number of a test image").fill("8")
    page.get_by_label("B: number of a test image").press("Enter")
    wait_for_link(page, "test-8")
    page.locator(f"{ROW} button").last.click()
    assert picture(page) != moved
    page.locator(f"{ROW} button").first.click()
    assert picture(page) == moved


def test_playing_moves_the_picture_until_it_is_stopped_or_a_slider_is_moved(explore):
    page = explore("?panel=interpolate")
    expect(page.locator(".step")).to_have_count(11)
    still = picture(page)
    page.keyboard.press("Shift+P")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.wait_for_timeout(300)
    assert picture(page) != still
    page.get_by_role("button", name="Stop").click()
    still = picture(page)
    page.wait_for_timeout(100)
    assert picture(page) == still
    page.get_by_role("button", name="Play").click()
    slider(page).focus()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert value(page) == pytest.approx(float(slider(page).get_attribute("max")), abs=0.01)


@pytest.mark.parametrize("view", ["nonsense", "lerp.test-0", "lerp.test-0.test-10000", "lerp.AACAPwAAAL8.test-1"])
def test_a_view_that_does_not_fit_gets_a_sentence(explore, view):
    page = explore(f"?panel=interpolate&view={view}")
    expect(page.locator(".misread")).to_contain_text("view of this panel does not fit")
    expect(page.locator(".step")).to_have_count(11)


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
    assert sum(received) < 300_000


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
@pytest.mark.parametrize("panel", ["traversal", "interpolate", "posterior"])
def test_axe_finds_nothing(explore, violations, scheme, panel):
    vae = next(run for run in store.runs() if run.config.family == "vae")
    page = explore(f"?run={vae.run_id}&panel={panel}", color_scheme=scheme)
    if panel == "interpolate":
        page.get_by_role("button", name="Other models").click()
    assert violations(page) == []
    page.get_by_role("button", name="What plausibility means").click()
    assert violations(page) == []


@pytest.mark.parametrize("panel", ["interpolate", "posterior"])
def test_the_panels_fit_a_phone(explore, phone, overflow, violations, panel):
    vae = next(run for run in store.runs() if run.config.family == "vae")
    page = explore(f"?run={vae.run_id}&panel={panel}", **phone)
    assert overflow(page) <= 0
    page.locator(".panel").scroll_into_view_if_needed()
    assert violations(page) == []


def test_a_finger_sets_an_end_and_plays(explore, phone):
    page = explore("?panel=interpolate&start=test-3", **phone)
    page.get_by_role("button", name="Random").tap()
    wait_for_link(page, "z=")
    there = picture(page)
    page.get_by_role("button", name="A = here").tap()
    page.get_by_role("button", name="Play").tap()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("button", name="Stop").tap()
    page.locator(f"{ROW} button").first.tap()
    assert picture(page) == there


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
