"""Explore's principal axes and its panel Directions in Chromium: their codes are numpy's, and links keep them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from aecore import datasets, directions, exports, store

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))
from links import decode_code

GROUPS = [["Two lone boots", [0, 23]], ["Bags & more", [*range(100, 140)]]]
TELL = """
(groups) => {
  const parentElement = document.getElementById("explorer").shadowRoot;
  const { space } = JSON.parse(document.getElementById("facts").textContent);
  const data = [space, { number: 0 }, { groups }];
  latentExplorerParts.explorer({ data, parentElement, setStateValue() {}, setTriggerValue() {} });
}
"""


@pytest.fixture(scope="module")
def run():
    return store.runs()[0]


@pytest.fixture(scope="module")
def labels(run):
    return datasets.load(run.config.dataset).test_labels


def picture(page: Page, selector: str = ".decoded") -> str:
    return page.locator(selector).first.evaluate("(canvas) => canvas.toDataURL()")


def code(page: Page) -> np.ndarray:
    page.wait_for_function("() => /[?&]z=/.test(location.search)")
    return decode_code(parse_qs(urlsplit(page.url).query)["z"][0])


def wait_for_view(page: Page, view: str) -> None:
    page.wait_for_function("(view) => new URLSearchParams(location.search).get('view') === view", arg=view)


def along(page: Page):
    """The slider of the panel Directions."""
    return page.locator(".along input")


def test_a_principal_slider_moves_the_code_along_its_direction(explore, run):
    page = explore()
    before = picture(page)
    page.get_by_role("radio", name="Principal").check(force=True)
    wait_for_view(page, "principal")
    assert picture(page) == before, "other axes, the same code"
    expect(page.locator(".strip h2")).to_contain_text("PC1 from")
    first = page.get_by_role("slider", name="PC1", exact=True)
    first.focus()
    page.keyboard.press("PageUp")
    t = float(first.input_value())
    expected = directions.principal(run.codes)[0].move(run.codes[0], [t])[0]
    np.testing.assert_allclose(code(page), expected, atol=1e-3)
    assert (code(page) != run.codes[0]).all()
    moved = picture(page)
    page.keyboard.press("Delete")
    assert picture(page) == before
    page.get_by_role("button", name="Undo").click()
    assert picture(page) == moved
    page.keyboard.press("Shift+X")
    expect(page.get_by_role("radio", name="Latent")).to_be_checked()
    page.wait_for_function("() => !location.search.includes('view=')")
    assert picture(page) == moved
    np.testing.assert_allclose(
        float(page.get_by_role("slider", name="z0", exact=True).input_value()), expected[0], atol=1e-3
    )


def test_a_link_keeps_the_axes_beside_a_panels_view(explore):
    page = explore("?view=principal+2+4&panel=directions&start=test-3")
    expect(page.get_by_role("radio", name="Principal")).to_be_checked()
    expect(page.get_by_label("Mean code of A")).to_have_value("2")
    expect(page.get_by_label("minus that of B")).to_have_value("4")
    first = page.get_by_role("slider", name="PC1", exact=True)
    first.focus()
    page.keyboard.press("End")
    shown = code(page), picture(page)
    wait_for_view(page, "principal 2 4")
    other = explore(page.url.split("/", 3)[3])
    expect(other.get_by_role("radio", name="Principal")).to_be_checked()
    assert picture(other) == shown[1]
    np.testing.assert_array_equal(code(other), shown[0])


def test_the_slider_goes_along_the_direction_between_two_classes(explore, run, labels):
    page = explore("?panel=directions")
    expect(page.get_by_label("Mean code of A")).to_have_value("0")
    page.get_by_label("Mean code of A").select_option("Sandal")
    page.get_by_label("minus that of B").select_option("Bag")
    wait_for_view(page, "5 8")
    a, b = (np.flatnonzero(labels == label) for label in (5, 8))
    direction = directions.attribute(run.codes, a, b)
    low, high = directions.worth_walking(direction, run.codes)
    for name, end in (("min", low), ("max", high)):
        assert float(along(page).get_attribute(name)) == pytest.approx(end, abs=1e-3)
    assert float(along(page).input_value()) == pytest.approx(direction.along(run.codes[:1])[0], abs=1e-3)
    before = picture(page)
    along(page).focus()
    page.keyboard.press("End")
    np.testing.assert_allclose(code(page), direction.move(run.codes[0], [high])[0], atol=2e-3)
    assert picture(page) != before
    assert picture(page) == picture(page, ".directions .tiles button >> nth=10 >> canvas")
    page.keyboard.press("Delete")
    page.locator(".directions .tiles button").first.click()
    np.testing.assert_allclose(code(page), direction.move(run.codes[0], [low])[0], atol=2e-3)


def test_swapping_turns_the_direction_round(explore, run, labels):
    page = explore("?panel=directions&view=5+rest")
    direction = directions.attribute(run.codes, np.flatnonzero(labels == 5))
    t = float(along(page).input_value())
    assert t == pytest.approx(direction.along(run.codes[:1])[0], abs=1e-3)
    before = picture(page)
    page.keyboard.press("Shift+S")
    wait_for_view(page, "rest 5")
    expect(page.get_by_label("minus that of B")).to_have_value("5")
    expect(page.locator(".along .value")).to_have_text(f"{1 - t:.2f}".replace("-", "−"))
    page.get_by_role("button", name="Swap").click()
    wait_for_view(page, "5 rest")
    assert picture(page) == before, "swapping moves nothing"


def test_the_picture_follows_a_drag_and_the_other_sliders_too(explore):
    page = explore("?panel=directions")
    box, seen = along(page).bounding_box(), set()
    others = page.locator(".sliders .value").first
    before = others.inner_text()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(6):
        page.mouse.move(box["x"] + box["width"] * (0.1 + 0.15 * step), box["y"] + box["height"] / 2)
        seen.add(picture(page))
    page.mouse.up()
    assert len(seen) == 6
    assert others.inner_text() != before
    assert len(code(page)) == page.locator(".sliders input").count()


def test_a_finger_moves_it(explore, phone, overflow):
    page = explore("?panel=directions", **phone)
    before = picture(page)
    box = along(page).bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    code(page)
    assert picture(page) != before
    assert overflow(page) <= 0


@pytest.mark.parametrize("view", ["11+rest", "3+3", "3", "%25zz+rest"])
def test_a_wrong_view_gets_a_sentence(explore, view):
    page = explore(f"?panel=directions&view={view}")
    expect(page.locator(".misread")).to_contain_text("does not fit here")
    expect(page.get_by_label("Mean code of A")).to_have_value("0")


def test_a_link_to_a_group_of_another_session_gets_a_sentence(explore):
    page = explore("?panel=directions&view=lasso-boots+rest")
    expect(page.locator(".directions .note")).to_contain_text("not in this session")
    expect(page.get_by_label("Mean code of A")).to_have_value("0")


def test_lassoed_groups_are_groups(chromium, run, labels, tmp_path):
    exports.write("html", exports.View(run), tmp_path / "page.html")
    page = chromium.new_page(offline=True)
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_role("tab", name="Directions").click()
    page.evaluate(TELL, GROUPS)
    page.get_by_label("Mean code of A").select_option("Bags & more")
    page.get_by_label("minus that of B").select_option("Two lone boots")
    (b, a), codes = (rows for _, rows in GROUPS), run.codes[:1500]
    direction = directions.attribute(codes, a, b)
    low, high = directions.worth_walking(direction, codes)
    expect(along(page)).to_have_attribute("min", re.compile(rf"^{low:.3f}"))
    assert float(along(page).get_attribute("min")) == pytest.approx(low, abs=1e-3)
    assert float(along(page).get_attribute("max")) == pytest.approx(high, abs=1e-3)
    assert float(along(page).input_value()) == pytest.approx(direction.along(codes[:1])[0], abs=1e-3)
    page.evaluate(TELL, [])  # they were deleted
    expect(page.get_by_label("Mean code of A")).to_have_value("0")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["?panel=directions", "?view=principal"])
def test_axe_finds_nothing(explore, violations, overflow, scheme, query):
    page = explore(query, color_scheme=scheme)
    assert violations(page) == []
    assert overflow(page) <= 0


def test_a_thumb_lies_over_all_that_a_slider_marks(explore):
    """Firefox lifts no thumb out of its slider: what marks it is drawn by the slider itself, or comes before it."""
    page = explore()
    track = page.locator(".sliders .track").first
    assert track.evaluate("(one) => getComputedStyle(one, '::after').content") == "none"
    assert track.locator("input").evaluate("(one) => getComputedStyle(one).position") == "relative"
