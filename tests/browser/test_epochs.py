"""The epoch scrubber in Chromium, on the Train page: one slider, every grid and curve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from aecore import load_or_train, make_config, store
from aecore.store import Run

# Notes the slider's inputs, the grids that are painted, and words to the server.
WATCH = """
  () => {
    globalThis.watched = { inputs: [], paints: [], sent: 0 };
    const slider = (event) => event.composedPath()[0].className === "slider";
    addEventListener("input", (event) => slider(event) && watched.inputs.push(event.timeStamp), true);
    const put = CanvasRenderingContext2D.prototype.putImageData;
    CanvasRenderingContext2D.prototype.putImageData = function (...words) {
      put.apply(this, words);
      if (this.canvas.className === "frame") watched.paints.push(performance.now());
    };
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...words) {
      watched.sent++;
      send.apply(this, words);
    };
  }
"""


@pytest.fixture
def runs():
    """The shipped runs that the page watches first: AE and VAE."""
    return [store.find(make_config(family)) for family in ("ae", "vae")]


@pytest.fixture
def page(open_page, runs) -> Page:
    """The Train page with the grids of epoch 100 in place."""
    page = open_page("train")
    for at in range(len(runs)):
        expect(page.locator(".frame").nth(at)).to_have_attribute("data-epoch", "100", timeout=20_000)
    return page


def grid(page: Page, at: int) -> np.ndarray:
    read = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    return np.array(page.locator(".frame").nth(at).evaluate(read)).reshape(280, 280)


def move(page: Page, epoch: int) -> Locator:
    """Put the slider at an epoch; returns what says where it is."""
    page.locator(".slider").fill(str(epoch))
    said = page.locator("output.epoch")
    expect(said).to_have_text(f"epoch {epoch} of 100")
    return said


@pytest.mark.parametrize("epoch", [1, 10, 57])
def test_one_slider_shows_every_runs_grid_pixel_for_pixel(page, runs, epoch):
    move(page, epoch)
    for at, run in enumerate(runs):
        # the first epochs arrive last
        expect(page.locator(".frame").nth(at)).to_have_attribute("data-epoch", str(epoch), timeout=60_000)
        np.testing.assert_array_equal(grid(page, at), np.asarray(Image.open(run.grid(epoch))))
        loss = run.history()[epoch - 1]["test"]["loss"]
        expect(page.locator(".reading").nth(at)).to_contain_text(f"test {loss:.1f} nats")


def test_grids_follow_the_thumb_without_the_server(page):
    page.evaluate(WATCH)
    box = page.locator(".slider").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, y)
    page.mouse.down()
    for x in np.linspace(box["x"] + box["width"] - 8, box["x"] + 8, 80):
        page.mouse.move(x, y)
    page.wait_for_timeout(200)
    page.mouse.up()
    expect(page.locator("output.epoch")).to_have_text("epoch 1 of 100")
    inputs, paints, sent = page.evaluate("[watched.inputs, watched.paints, watched.sent]")
    assert sent == 0
    assert len(inputs) > 50
    assert all(any(paint >= at for paint in paints) for at in inputs)


def test_keys_move_by_an_epoch_and_space_plays(page):
    said = move(page, 5)
    page.locator(".slider").press("ArrowRight")
    expect(said).to_have_text("epoch 6 of 100")
    page.locator(".slider").press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Pause").click()
    reached = int(page.locator(".slider").input_value())
    assert reached > 6
    page.wait_for_timeout(400)
    assert int(page.locator(".slider").input_value()) == reached


def test_samples_are_the_vaes_alone(page, runs):
    page.get_by_role("button", name="Samples").click()
    expect(page.locator(".frame")).to_have_count(1)
    vae = next(run for run in runs if run.config.family == "vae")
    expect(page.locator(".frame")).to_have_attribute("data-epoch", "100")
    np.testing.assert_array_equal(grid(page, 0), np.asarray(Image.open(vae.grid(100, "samples"))))


def test_curves_have_terms_a_cursor_and_values(page, runs):
    curves = page.locator("svg.curves")
    expect(curves.locator("polyline")).to_have_count(2 * len(runs))  # test and train
    expect(curves).to_have_attribute("aria-label", "Loss by epoch, test and train: AE; VAE")
    page.get_by_role("button", name="KL", exact=True).click()
    expect(curves.locator("polyline")).to_have_count(2)
    vae = next(run for run in runs if run.config.family == "vae")
    expect(page.locator(".reading").nth(1)).to_contain_text(f"test {vae.history()[-1]['test']['kl']:.2f} nats")
    curves.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # until nothing moves any more
    box = curves.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 80)
    expect(page.locator("output.epoch")).not_to_have_text("epoch 100 of 100")
    epoch = int(page.locator(".slider").input_value())
    assert 40 < epoch < 60  # a press on the curves moves the slider
    expect(page.locator(".tip")).to_contain_text(f"epoch {epoch}")
    expect(page.locator(".tip")).to_contain_text(f"{vae.history()[epoch - 1]['test']['kl']:.2f}")


def test_keys_read_the_curves_value_by_value(page, runs):
    move(page, 50)
    curves = page.get_by_role("slider", name="Loss by epoch")
    page.locator(".log").press("Tab")
    expect(curves).to_be_focused()
    curves.press("ArrowLeft")
    expect(page.locator("output.epoch")).to_have_text("epoch 49 of 100")
    expect(page.locator(".tip")).to_contain_text("epoch 49")
    values = [run.history()[48] for run in runs]
    spoken = "; ".join(
        f"{name}: test {row['test']['loss']:.1f}, train {row['train']['loss']:.1f}"
        for name, row in zip(("AE", "VAE"), values, strict=True)
    )
    expect(curves).to_have_attribute("aria-valuetext", f"epoch 49; {spoken}")
    curves.press("Home")
    expect(page.locator("output.epoch")).to_have_text("epoch 1 of 100")
    curves.press("PageUp")
    expect(page.locator("output.epoch")).to_have_text("epoch 11 of 100")


def test_no_curve_leaves_the_plot_and_the_floor_is_drawn(page, runs):
    inside = """
      (svg) => {
        const { height } = svg.viewBox.baseVal;
        return [...svg.querySelectorAll("polyline")].every((line) =>
          [...line.points].every(({ y }) => y >= 0 && y <= height));
      }
    """
    curves = page.locator("svg.curves")
    assert curves.evaluate(inside)
    expect(curves).to_contain_text(f"BCE floor {runs[0].evaluation['bce_floor']:.2f}")
    expect(page.locator(".axis")).to_have_text("nats, summed over pixels, mean over images")
    page.locator(".log").click()
    assert curves.evaluate(inside)
    page.get_by_role("button", name="KL", exact=True).click()
    expect(curves).not_to_contain_text("floor")
    expect(page.locator(".axis")).to_have_text("nats, summed over dimensions, mean over images")


# --- runs with maps and strips ---


@pytest.fixture(scope="module")
def mapped(own_home) -> Iterator[Run]:
    """A run with a map and a strip of every epoch."""
    run = load_or_train(make_config("ae", "fast", epochs=3, latent_dim=3, train_images=2000, seed=11))
    yield run
    store.delete(run)  # other modules look at the runs that are shipped


def choose(page: Page, run: Run) -> None:
    """Put one more run on the board."""
    words = page.get_by_test_id("stMultiSelect").get_by_role("combobox")
    words.fill(run.title)
    expect(page.get_by_role("option", name=run.title)).to_be_visible()
    words.press("Enter")
    words.press("Escape")


@pytest.fixture
def mapped_page(open_page, runs, mapped) -> Page:
    """The Train page with that run alone, its last epoch in place."""
    page = open_page("train")
    chosen = page.get_by_test_id("stMultiSelect").get_by_role("combobox")
    expect(page.locator(".frame").first).to_have_attribute("data-epoch", "100", timeout=20_000)
    for run in runs:
        chosen.press("Backspace")
        expect(page.locator(".card")).to_have_count(2 - runs.index(run) - 1)
    choose(page, mapped)
    expect(page.locator(".codes")).to_have_attribute("data-epoch", "3", timeout=20_000)
    return page


MIDDLE = """
  (canvas) => {
    const { width, height } = canvas, ground = canvas.getContext("2d").getImageData(0, 0, 1, 1).data.join();
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    let count = 0, x = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data.slice(i, i + 4).join() === ground) continue;
      count++;
      x += (i / 4) % width;
    }
    return [count, x / count];
  }
"""


def test_map_and_strip_move_with_the_slider(mapped_page, mapped):
    page = mapped_page
    strip = page.locator(".strip")
    read = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    for epoch in (1, 3):
        page.locator(".slider").fill(str(epoch))
        for place in (".frame", ".strip", ".codes"):
            expect(page.locator(place)).to_have_attribute("data-epoch", str(epoch))
        shown = np.array(strip.evaluate(read)).reshape(28, 308)
        np.testing.assert_array_equal(shown, np.asarray(Image.open(mapped.grid(epoch, "traversals"))))
    count, _ = page.locator(".codes").evaluate(MIDDLE)
    assert count > 2000
    expect(page.locator(".legend li")).to_have_count(10)
    assert page.locator(".codes").get_attribute("aria-label").endswith("epoch 3")


def test_points_glide_between_epochs(mapped_page):
    """Pictures of the map between the two epochs' own, without a word to the server."""
    page = mapped_page
    page.evaluate(WATCH)
    seen = page.locator(".codes").evaluate("""
      async (canvas) => {
        const seen = new Set(), slider = canvas.getRootNode().querySelector(".slider");
        const look = () => seen.add(canvas.toDataURL());
        look();
        slider.value = 1;
        slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
        for (let frame = 0; frame < 60 && seen.size < 3; frame++) {
          await new Promise(requestAnimationFrame);
          look();
        }
        return seen.size;
      }
    """)
    assert seen >= 3
    assert page.evaluate("watched.sent") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_train_with_maps_is_accessible_and_fits(open_page, violations, overflow, phone, scheme):
    """The shipped VAE has maps."""
    for context in ({}, phone):
        page = open_page("train", color_scheme=scheme, **context)
        expect(page.locator(".codes").last).to_have_attribute("data-epoch", "100", timeout=20_000)
        assert overflow(page) <= 0
        assert violations(page) == []
        page.close()


def test_the_epochs_are_exported_from_the_page(mapped_page, tmp_path):
    mapped_page.get_by_role("button", name="Export the epochs").click()
    with mapped_page.expect_download() as waiting:
        mapped_page.get_by_role("button", name="Epochs, as GIF").click()
    waiting.value.save_as(tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3


def test_a_choice_outlives_another_page(page):
    move(page, 33)
    page.get_by_role("link", name="Map").click()
    expect(page.locator(".where")).to_contain_text("nearest test image", timeout=20_000)
    page.get_by_role("link", name="Train").click()
    expect(page.locator("output.epoch")).to_have_text("epoch 33 of 100", timeout=20_000)
