"""Explore's panels Neighbours, Models, and Draw or bring, in Chromium."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from aecore import datasets, evaluation, store

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))
from links import decode_code

PANELS = ["neighbours", "models", "own"]
START = 12

# Grey levels of the first canvas of a selector, a byte a pixel.
LEVELS = """
(canvas) => {
  const { width, height } = canvas;
  return [...canvas.getContext("2d").getImageData(0, 0, width, height).data].filter((_, i) => i % 4 === 0);
}
"""


@pytest.fixture
def open_panel(open_page, painted):
    """`open_panel(name, **context)`: Explore with that panel, once it shows what it is for."""

    def ready(panel: str, start: str = f"test-{START}", **context) -> Page:
        page = open_page(f"?start={start}&panel={panel}", **context)
        painted(page, {"neighbours": ".near canvas", "models": ".pair canvas", "own": ".decoded"}[panel])
        return page

    return ready


@pytest.fixture(scope="module")
def run():
    return store.runs()[0]


def levels(page: Page, selector: str) -> list[int]:
    return page.locator(selector).first.evaluate(LEVELS)


def code_in_link(page: Page) -> np.ndarray:
    page.wait_for_function("() => location.search.includes('z=')")
    return decode_code(parse_qs(urlsplit(page.url).query)["z"][0])


def near(page: Page, row: int):
    """The tiles of one of the four rows: codes, pictures, codes in training, pictures in training."""
    return page.locator(".near section").nth(row).locator(".tiles button:visible")


def shown(page: Page, row: int) -> tuple[list[int], list[float]]:
    """The numbers and distances of a row."""
    numbers = [int(tile.get_attribute("title").split()[-1]) for tile in near(page, row).all()]
    return numbers, [float(words) for words in near(page, row).locator(".distance").all_inner_texts()]


def test_neighbours_are_numpys(open_panel, run):
    page, data = open_panel("neighbours"), datasets.load(run.config.dataset)
    for row in range(4):
        expect(near(page, row)).to_have_count(8, timeout=60_000)
    z = run.codes[START]
    expected = np.linalg.norm(run.codes - z, axis=1)
    numbers, distances = shown(page, 0)
    assert numbers == np.argsort(expected, kind="stable")[:8].tolist()
    np.testing.assert_allclose(distances, np.sort(expected)[:8], atol=0.006)
    x_hat = run.decode(z[None])
    for row, images in ((1, data.test_images), (3, data.train_images)):
        errors = np.concatenate([
            evaluation.sse(data.pixels(images[at : at + 5000]), x_hat) for at in range(0, len(images), 5000)
        ])  # fmt: skip
        numbers, distances = shown(page, row)
        np.testing.assert_allclose(distances, np.sort(errors)[:8], atol=0.006)
        np.testing.assert_allclose(errors[numbers], np.sort(errors)[:8], atol=0.001)
    numbers, distances = shown(page, 2)
    codes = run.encode(data.pixels(data.train_images[numbers]))
    np.testing.assert_allclose(distances, np.linalg.norm(codes - z, axis=1), atol=0.006)


def test_nearest_codes_follow_a_drag_and_the_server_hears_nothing(open_panel, painted):
    page, sent = open_panel("neighbours"), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    page.reload()
    painted(page, ".near canvas")
    expect(near(page, 2)).to_have_count(8, timeout=60_000)  # nothing is waited for any more
    page.wait_for_timeout(1000)
    box = page.locator(".sliders input").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    sent.clear()
    seen = set()
    for step in range(20):
        page.mouse.move(box["x"] + box["width"] * (0.1 + 0.04 * step), middle)
        seen.add(tuple(shown(page, 0)[0]))
    expect(page.locator(".stale")).to_have_count(3)
    page.wait_for_timeout(500)
    assert sent == []
    assert len(seen) > 3
    page.mouse.up()
    expect(page.locator(".stale")).to_have_count(0)


def test_a_neighbour_is_a_start(open_panel, run, painted):
    page = open_panel("neighbours")
    expect(near(page, 2)).to_have_count(8, timeout=60_000)
    number = shown(page, 2)[0][0]
    near(page, 2).first.click()
    expect(page.locator(".detail")).to_have_text(f"training image {number}")
    page.wait_for_function(f"() => location.search.includes('start=train-{number}')")
    expect(near(page, 2).first.locator(".distance")).to_have_text("0.00", timeout=60_000)
    picture = levels(page, ".decoded")
    page.reload()
    painted(page, ".near canvas")
    expect(page.locator(".detail")).to_have_text(f"training image {number}")
    assert np.abs(np.array(levels(page, ".decoded")) - picture).max() <= 1


def test_every_model_shows_its_own_error(open_panel):
    beside = [run for run in store.runs() if run.config.dataset == "fashion_mnist"]
    page = open_panel("models")
    cards = page.locator(".card")
    expect(cards).to_have_count(len(beside) + 1)
    data = datasets.load("fashion_mnist")
    x = data.pixels(data.test_images[START : START + 1])
    now = beside[0].decode(beside[0].codes[START : START + 1])
    for at, run in enumerate(beside, 1):
        errors = [float(evaluation.sse(image, run.reconstruct(image))[0]) for image in (x, now)]
        for side, error in enumerate(errors):
            words = cards.nth(at).locator("figcaption").nth(side)
            expect(words).to_have_text(f"SSE {error:.2f}", timeout=20_000)


def test_models_follow_a_drag(open_panel):
    page = open_panel("models")
    expect(page.locator(".card figcaption").last).to_contain_text("SSE", timeout=20_000)
    before = page.locator(".card").last.locator("canvas").last.evaluate("(canvas) => canvas.toDataURL()")
    page.locator(".sliders input").first.focus()
    page.keyboard.press("End")
    page.wait_for_function(
        """(before) => {
          const host = [...document.querySelectorAll("*")].find((one) => one.shadowRoot?.querySelector(".explorer"));
          return [...host.shadowRoot.querySelectorAll(".card canvas")].at(-1).toDataURL() !== before;
        }""",
        arg=before,
    )


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    """A stroke on the sheet; points are parts of its sides."""
    page.locator(".sheet").scroll_into_view_if_needed()
    box = page.locator(".sheet").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_a_drawing_is_encoded_in_the_page_as_numpy_does(open_panel, run, painted):
    page, sent = open_panel("own"), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    page.reload()
    painted(page, ".pictures canvas")
    draw(page, [(0.2, 0.2), (0.8, 0.2), (0.4, 0.8)])
    expect(page.locator(".title")).to_have_text("Your picture")
    sheet = np.array(levels(page, ".sheet canvas"), np.uint8)
    assert sheet.max() == 255
    assert ((sheet > 30) & (sheet < 220)).any(), "the brush is soft"
    assert levels(page, ".origin") == sheet.tolist()
    z = run.encode(evaluation.pixels(sheet.reshape(1, 28, 28)))[0]
    np.testing.assert_allclose(code_in_link(page), z, atol=1e-4)
    expected = np.rint(run.decode(z[None])[0].clip(0, 1) * 255)
    assert np.abs(np.array(levels(page, ".decoded")) - expected).max() <= 1
    page.wait_for_timeout(500)
    assert all(len(frame) < 5000 for frame in sent), "the picture itself was sent"


def test_undo_takes_back_a_stroke(open_panel):
    page = open_panel("own")
    sheets = []
    for number, height in enumerate((0.2, 0.8), 1):
        draw(page, [(0.2, height), (0.8, height)])
        page.wait_for_function("(name) => location.search.includes(name)", arg=f"start=own-{number}")
        sheets.append(levels(page, ".sheet canvas"))
    assert sheets[0] != sheets[1]
    for key, number in (("Control+z", 1), ("Control+Shift+z", 2)):
        page.keyboard.press(key)
        page.wait_for_function("(name) => location.search.includes(name)", arg=f"start=own-{number}")
        page.wait_for_timeout(100)
        assert levels(page, ".sheet canvas") == sheets[number - 1]


def test_the_brush_has_keys(open_panel):
    page = open_panel("own")
    sheet = page.locator(".sheet")
    sheet.focus()
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    row = levels(page, ".sheet canvas")[14 * 28 : 15 * 28]
    assert row[14:22] == [255] * 8
    assert row[2] == 0
    page.keyboard.press("Space")
    page.keyboard.press("e")
    expect(page.get_by_role("radio", name="Eraser")).to_be_checked()
    page.keyboard.press("]")
    assert page.locator("[name=radius]").input_value() == "1.5"
    page.keyboard.press("Delete")
    assert not any(levels(page, ".sheet canvas"))


def picture_file(kind: str = "PNG", turn: bool = False) -> bytes:
    """A dark bar on white paper, or the other way round."""
    image = Image.new("L", (320, 200), 255)
    ImageDraw.Draw(image).rectangle((40, 30, 79, 129), fill=20)
    if turn:
        image = image.point(lambda level: 255 - level)
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "turn"), [("PNG", False), ("JPEG", False), ("WEBP", True)])
def test_a_picture_is_brought_into_its_place(open_panel, kind, turn):
    page = open_panel("own")
    content = {"name": "bar", "mimeType": f"image/{kind.lower()}", "buffer": picture_file(kind, turn)}
    page.locator("input[type=file]").set_input_files(content)
    expect(page.locator(".title")).to_have_text("Your picture")
    expect(page.get_by_label("Invert")).to_be_checked(checked=not turn)
    sheet = np.array(levels(page, ".sheet canvas")).reshape(28, 28)
    assert sheet[:, 14].min() > 200, "its longer side fills the field"
    assert sheet[:, :7].max() < 20
    page.get_by_label("Centre").uncheck()
    page.wait_for_timeout(100)
    moved = np.array(levels(page, ".sheet canvas")).reshape(28, 28)
    assert moved[:, 14].max() < 20
    page.get_by_label("Invert").set_checked(turn)
    page.wait_for_timeout(100)
    assert (np.array(levels(page, ".sheet canvas")).reshape(28, 28) != moved).any()


@pytest.mark.parametrize(
    ("name", "kind", "content", "words"),
    [
        ("words.txt", "text/plain", b"words", "“words.txt” is no PNG, JPEG, WebP file"),
        ("torn.png", "image/png", b"\x89PNG torn", "“torn.png” cannot be read as a picture"),
        ("huge.png", "image/png", bytes(20 * 2**20 + 1), "“huge.png” is larger than 20 MB"),
    ],
)
def test_what_is_no_picture_gets_a_sentence(open_panel, name, kind, content, words):
    page = open_panel("own")
    before = page.url
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    expect(page.locator(".problem")).to_contain_text(words)
    assert page.url == before


def test_a_link_carries_the_code_of_a_drawing(open_panel, open_page, painted):
    page = open_panel("own")
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    code_in_link(page)
    other = open_page(page.url.split("/", 3)[3])
    painted(other)
    assert levels(other, ".decoded") == levels(page, ".decoded")
    expect(other.locator(".detail")).to_have_text("not in the link")
    expect(other.locator(".note").first).to_contain_text("Your picture is not in the link")


def test_a_drawing_is_kept_over_page_switches_and_goes_to_other_models(open_panel, offered, painted):
    page = open_panel("own")
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    code_in_link(page)
    drawing = levels(page, ".sheet canvas")
    page.get_by_test_id("stTopNav").get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", name="Map")).to_be_visible()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Explore").click()
    painted(page, ".sheet canvas")
    assert levels(page, ".origin") == drawing
    assert levels(page, ".sheet canvas") == drawing
    offered(page, "PCA").click()
    pca = next(run for run in store.runs() if run.config.family == "pca")
    page.wait_for_function("(run) => location.search.includes(run)", arg=pca.run_id)
    x = evaluation.pixels(np.array(drawing, np.uint8).reshape(1, 28, 28))
    expect(page.locator(".error")).to_have_text(f"{float(evaluation.sse(x, pca.reconstruct(x))[0]):.2f}")


def test_yours_opens_the_sheet(open_panel):
    page = open_panel("neighbours")
    page.get_by_text("Yours", exact=True).click()
    expect(page.locator(".sheet")).to_be_visible()
    expect(page.locator(".title")).to_have_text("Your picture")


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_panels(open_panel, violations, panel, scheme):
    assert violations(open_panel(panel, color_scheme=scheme)) == []


@pytest.mark.parametrize("panel", PANELS)
def test_the_panels_fit_a_phone(open_panel, phone, overflow, violations, panel):
    page = open_panel(panel, **phone)
    assert overflow(page) <= 0
    page.locator(".panel").scroll_into_view_if_needed()
    assert violations(page) == []


def test_a_finger_draws(open_panel, phone):
    page = open_panel("own", **phone)
    page.locator(".sheet").scroll_into_view_if_needed()
    page.locator(".sheet").tap()
    expect(page.locator(".title")).to_have_text("Your picture")
    assert max(levels(page, ".sheet canvas")) == 255
