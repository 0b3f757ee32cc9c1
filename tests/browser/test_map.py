"""The map in Chromium: hover, drag, click, keys, touch and width."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from aecore import evaluation, store
from aecore.datasets import load
from aecore.projection import lift, plane


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


def test_a_drag_decodes_every_frame_without_the_server(open_map, watch):
    page = open_map()
    watch(page)
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


# A number that changes with any pixel of a canvas.
DIGEST = """
(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Uint32Array(data.buffer).reduce((sum, colour) => (Math.imul(sum, 31) + colour) >>> 0, 0);
}
"""


def digest(page: Page) -> int:
    return page.locator(".dots").evaluate(DIGEST)


@pytest.fixture
def redrawn():
    """`redrawn(page, before)`: waits until the dots look other than at the digest `before`; their new digest."""

    def wait(page: Page, before: int) -> int:
        page.wait_for_function(
            f"""(before) => ({DIGEST})([...document.querySelectorAll("*")]
                .map((one) => one.shadowRoot?.querySelector(".dots")).find(Boolean)) !== before""",
            arg=before,
        )
        return digest(page)

    return wait


def class_button(page: Page, name: str):
    return page.get_by_role("list", name="Classes that are shown").get_by_role("button", name=name, exact=True)


def test_a_class_stands_out_while_it_is_pointed_at(open_map, redrawn):
    page = open_map()
    whole = digest(page)
    class_button(page, "Bag").hover()
    alone = redrawn(page, whole)
    page.mouse.move(5, 5)
    assert redrawn(page, alone) == whole


def test_the_legend_hides_and_shows_classes_also_by_keys(open_map, redrawn, run):
    page = open_map()
    whole = digest(page)
    at = points_on_screen(page, run, "pca")
    index = lonely(at)
    dataset = load(run.config.dataset)
    button = class_button(page, dataset.classes[dataset.test_labels[index]])
    expect(button).to_have_attribute("aria-pressed", "true")
    button.focus()
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()
    redrawn(page, whole)
    page.mouse.move(*at[index])
    page.wait_for_timeout(200)
    expect(page.locator(".card")).to_be_hidden()  # nothing to point at
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Show all").click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.mouse.move(5, 5)
    page.wait_for_function("() => true")
    page.mouse.move(*at[index])
    expect(page.locator(".card")).to_be_visible()
    page.get_by_role("button", name="Hide all").click()
    assert [one.get_attribute("aria-pressed") for one in page.locator(".classes button").all()] == ["false"] * 10


def test_dots_are_coloured_by_error_and_by_a_dimension(open_map, redrawn, run):
    page = open_map()
    by_class = digest(page)
    colour = page.get_by_label("Colour")
    colour.select_option(label="Error (SSE)")
    by_error = redrawn(page, by_class)
    low, high = np.quantile(run.errors["sse"], [0.01, 0.99])
    shown = [float(page.locator(f".ends .{name}").inner_text().strip("≤≥ ")) for name in ("low", "high")]
    np.testing.assert_allclose(shown, [low, high], rtol=0.01)
    expect(page.locator(".unit")).to_have_text("reconstruction error: squared, summed over 784 pixels")
    colour.select_option("z3")
    redrawn(page, by_error)
    shown = [
        float(page.locator(f".ends .{name}").inner_text().strip("≤≥ ").replace("−", "-")) for name in ("low", "high")
    ]
    np.testing.assert_allclose(shown, np.quantile(run.codes[:, 3], [0.01, 0.99]), rtol=0.01, atol=0.01)
    order = colour.locator("option").evaluate_all("options => options.slice(2).map((one) => one.value)")
    variance = run.codes.var(axis=0)
    assert order == [f"z{j}" for j in np.argsort(-variance)]


def test_pictures_take_the_place_of_dots_when_zoomed_in(open_map, redrawn, run):
    page = open_map()
    before = digest(page)
    page.locator(".over").focus()
    for _ in range(3):
        page.keyboard.press("+")
        before = redrawn(page, before)
    box, middle = page.locator(".over").bounding_box(), points_on_screen(page, run, "pca")[0]
    x, y = (round(place - box[side]) - 14 for place, side in zip(middle, ("x", "y"), strict=True))
    read = "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 28, 28).data].filter((_, i) => i % 4 === 0)"
    image = load(run.config.dataset).test_images[0]  # the cursor is on it, and the zoom keeps it where it was
    off = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    found = [np.array(page.locator(".dots").evaluate(read, [x + dx, y + dy])).reshape(28, 28) for dx, dy in off]
    assert any(np.array_equal(one, image) for one in found)


def drawn(page: Page, corners: np.ndarray) -> None:
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()


def framed(at: np.ndarray, share: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """A rectangle in the middle of the dots, a corner a row, and the dots well inside and well outside of it."""
    low, high = np.quantile(at, [share, 1 - share], axis=0).round()
    inside = ((at > low + 2) & (at < high - 2)).all(axis=1)
    outside = ((at < low - 2) | (at > high + 2)).any(axis=1)
    return np.array([low, (high[0], low[1]), high, (low[0], high[1]), low]), np.stack([inside, outside])


def test_a_lasso_gives_a_group_that_becomes_a_direction(open_map, run, overflow):
    page = open_map()
    corners, (inside, outside) = framed(points_on_screen(page, run, "pca"))
    page.keyboard.press("Tab")
    page.locator(".over").focus()
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    drawn(page, corners)
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "false")
    count = int(page.locator(".count").inner_text().split()[0].replace(",", ""))
    assert inside.sum() <= count <= (~outside).sum()
    shares = [line.rsplit(" ", 1) for line in page.locator(".shares li").all_inner_texts()]
    assert sum(int(number) for _, number in shares) == count
    mean = float(re.search(r"mean SSE ([\d.]+)", page.locator(".mean").inner_text())[1])
    assert mean == pytest.approx(run.errors["sse"][inside].mean(), rel=0.02)
    expect(page.locator(".images canvas")).to_have_count(60)
    page.locator(".more").click()
    expect(page.locator(".images canvas")).to_have_count(300)
    page.get_by_label("Name").fill("some of them")
    page.get_by_role("button", name="Keep the group").click()
    expect(page.get_by_role("button", name="Show the group some of them")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".images")).to_be_hidden()
    page.get_by_role("button", name="Show the group some of them").click()
    expect(page.locator(".count")).to_have_text(f"some of them: {count:,} images")
    assert overflow(page) <= 0
    page.get_by_role("button", name="Use as a direction in Explore").click()
    expect(page).to_have_url(re.compile(rf"run={run.run_id}"))
    expect(page.get_by_label("Mean code of A")).to_have_value("lasso-some of them", timeout=30_000)
    expect(page.get_by_label("minus that of B")).to_have_value("rest")
    expect(page.locator(".along .mean")).to_have_count(2)
    page.get_by_role("link", name="Map").click()
    page.get_by_role("button", name="Delete the group some of them").click()
    expect(page.locator(".kept")).to_be_hidden()


def test_a_lasso_by_keys(open_map):
    page = open_map()
    page.locator(".over").focus()
    page.keyboard.press("l")
    for key in ("Shift+ArrowLeft", "Shift+ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press("Enter")
        for _ in range(2):
            page.keyboard.press(key)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".count")).to_contain_text("images")
    page.locator(".over").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".gallery")).to_be_hidden()
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("There is no dot inside the line.")


def test_the_link_reopens_the_view(open_map, open_page, redrawn, run):
    page = open_map()
    choose(page, "t-SNE")
    expect(page.get_by_text("t-SNE has no inverse")).to_be_visible()
    page.get_by_label("Colour").select_option("sse")
    class_button(page, "Bag").click()
    page.locator(".over").focus()
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowLeft")
    page.mouse.move(5, 5)
    expect(page).to_have_url(re.compile(r"(?=.*map=tsne)(?=.*by=sse)(?=.*hide=8)(?=.*at=)(?=.*cursor=)"))
    page.wait_for_timeout(600)  # the link is written when a movement has come to rest
    there = (page.locator(".where").inner_text(), picture(page))
    again = open_page(page.url.split("/", 3)[3])
    expect(again.locator(".where")).to_have_text(re.compile(re.escape(there[0].split("\n")[-1])), timeout=20_000)
    expect(again.get_by_label("Colour")).to_have_value("sse")
    expect(class_button(again, "Bag")).to_have_attribute("aria-pressed", "false")
    np.testing.assert_allclose(picture(again).astype(int), there[1].astype(int), atol=2)
    page.get_by_role("button", name="Fit").click()
    again.get_by_role("button", name="Fit").click()
    page.wait_for_timeout(300)
    assert digest(page) == digest(again)


def test_a_wrong_link_gets_sentences(open_page):
    page = open_page("map?run=ae-nothing&map=tsne&by=z99&hide=77&at=here")
    expect(page.get_by_text("The link's run “ae-nothing” is not on this computer")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("status").filter(has_text="does not fit this map")).to_be_visible(timeout=20_000)


def test_another_page_and_back_is_the_same_view(open_map, redrawn):
    page = open_map()
    page.get_by_label("Colour").select_option("z3")
    page.locator(".over").focus()
    page.keyboard.press("+")
    expect(page).to_have_url(re.compile("(?=.*by=z3)(?=.*at=)"))
    page.wait_for_timeout(300)
    before = digest(page)
    page.get_by_role("link", name="Figures").click()
    expect(page.get_by_role("heading", name="Figures")).to_be_visible()
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_label("Colour")).to_have_value("z3", timeout=20_000)
    expect(page.get_by_role("button", name="Fit")).to_be_enabled()
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    assert digest(page) == before


@pytest.fixture
def fingers():
    """`fingers(page)` -> touch(kind, *places): "Start", "Move" or "End" of touches, the fingers that are down."""

    def of(page: Page):
        session = page.context.new_cdp_session(page)

        def touch(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y} for x, y in places]
            session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

        return touch

    return of


def test_two_fingers_zoom_and_a_finger_draws_a_lasso(open_map, phone, fingers):
    page = open_map(**phone)
    page.locator(".map").scroll_into_view_if_needed()
    box = page.locator(".over").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = fingers(page)
    touch("Start", (x - 20, y), (x + 20, y))
    for step in range(1, 9):
        touch("Move", (x - 20 - 5 * step, y), (x + 20 + 5 * step, y))
    touch("End")
    expect(page.get_by_role("button", name="Fit")).to_be_enabled()
    page.get_by_role("button", name="Fit").tap()
    page.get_by_role("button", name="Lasso").tap()
    path = [(x - 140, y - 140), (x + 100, y - 140), (x + 100, y + 100), (x - 140, y + 100)]
    touch("Start", path[0])
    for corner in path[1:]:
        touch("Move", corner)
    touch("End")
    expect(page.locator(".count")).to_contain_text("images")


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
def test_axe_finds_nothing(open_map, violations, scheme, run):
    page = open_map(color_scheme=scheme)
    assert violations(page) == []
    page.get_by_label("Colour").select_option("sse")
    class_button(page, "Bag").click()
    page.get_by_role("button", name="Lasso").click()
    assert violations(page) == []
    drawn(page, framed(points_on_screen(page, run, "pca"))[0])
    page.get_by_role("button", name="Keep the group").click()
    expect(page.locator(".kept")).to_be_visible()
    assert violations(page) == []
