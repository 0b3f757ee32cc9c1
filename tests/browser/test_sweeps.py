"""The search on the Train page in Chromium: a search in the background, its plot, and the filtered table."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from aecore import make_config, studies
from aecore.axes import parse_all

RATES = [0.002, 0.004, 0.008, 0.016, 0.032, 0.064]  # the larger, the better the score


@pytest.fixture
def study(own_home):
    """A study with six complete trials."""
    base = make_config("ae", "fast")
    made = studies.join("six", studies.plan(base, parse_all(["lr=0.001..0.1:log", "activation=relu,silu"], base)))
    for number, lr in enumerate(RATES):
        made.optuna.enqueue_trial({"lr": lr, "activation": ("relu", "silu")[number % 2]})
        trial = made.optuna.ask()
        trial.suggest_float("lr", 0.001, 0.1, log=True)
        trial.suggest_categorical("activation", ["relu", "silu"])
        made.optuna.tell(trial, 220.0 - number)
    yield made
    for name in studies.names():
        studies.stop(name)
    while any(studies.Study(name).workers() for name in studies.names()):
        pass
    shutil.rmtree(own_home / "studies")


def unfold(page: Page) -> Page:
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_text("Search for better settings").click()
    expect(rows(page)).to_have_count(len(RATES), timeout=30_000)
    page.locator(".parallel svg").scroll_into_view_if_needed()
    return page


def rows(page: Page):
    return page.locator(".parallel tbody tr")


def numbers(page: Page) -> list[str]:
    return rows(page).locator("button").all_inner_texts()


def test_keys_on_an_axis_filter_the_lines_and_the_table(open_page, study):
    page = unfold(open_page("train"))
    assert numbers(page) == ["5", "4", "3", "2", "1", "0"]  # the best first
    expect(page.locator(".parallel polyline:not(.out)")).to_have_count(6)
    thumb = page.get_by_role("slider", name="lr: from")
    expect(thumb).to_have_attribute("aria-valuetext", "0.001")
    thumb.focus()
    for _ in range(5):
        thumb.press("PageUp")  # to the middle of a logarithmic axis
    expect(thumb).to_have_attribute("aria-valuetext", "0.01")
    expect(rows(page)).to_have_count(3)
    assert numbers(page) == ["5", "4", "3"]
    expect(page.locator(".parallel polyline:not(.out)")).to_have_count(3)
    expect(page.locator(".parallel .count")).to_have_text("3 of 6 trials")
    page.get_by_role("button", name="Show all").click()
    expect(rows(page)).to_have_count(6)
    thumb.press("ArrowUp")
    thumb.press("Escape")
    expect(page.locator(".parallel .count")).to_have_text("6 trials")


def test_a_drag_along_an_axis_keeps_what_it_crossed_and_a_click_lets_go(open_page, study):
    page = unfold(open_page("train"))
    strip = page.locator(".parallel .strip").last  # the scores, the best at the bottom
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    x, bottom = box["x"] + 6, box["y"] + box["height"]
    page.mouse.move(x, bottom - 12)
    page.mouse.down()
    page.mouse.move(x, bottom - 0.5 * box["height"], steps=5)
    page.mouse.up()
    expect(rows(page)).to_have_count(2)
    assert numbers(page) == ["4", "3"]
    page.mouse.click(x, bottom - 0.3 * box["height"])
    expect(rows(page)).to_have_count(6)


def test_a_chosen_trial_can_be_trained(open_page, study):
    page = unfold(open_page("train"))
    expect(page.get_by_role("button", name="Train trial 5 as a run")).to_be_visible()
    page.get_by_role("button", name="Choose trial 2").click()
    page.mouse.move(0, 0)  # a line under the pointer would be marked in its stead
    expect(page.get_by_role("button", name="Train trial 2 as a run")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Choose trial 2")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".parallel polyline.on")).to_have_attribute("data-number", "2")
    expect(page.get_by_test_id("stCode")).to_contain_text("--lr 0.008")


def test_a_search_runs_in_the_background_and_is_followed(open_page, study):
    page = open_page("train")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_text("More settings").click()
    field = page.get_by_role("spinbutton", name="Training images (0: all)")
    field.fill("500")
    field.press("Enter")
    unfold(page)
    name = page.get_by_role("textbox", name="Name of the study")
    name.fill("mine")
    page.get_by_role("button", name="Start search").click()
    expect(page.get_by_role("button", name="Stop search")).to_be_visible(timeout=30_000)
    expect(page.locator(".parallel svg")).to_have_attribute(
        "aria-label", re.compile(r"of [1-9]\d? trials: lr; batch_size; BCE, nats"), timeout=90_000
    )
    page.get_by_role("button", name="Stop search").click()
    expect(page.get_by_role("button", name="20 more trials")).to_be_visible(timeout=60_000)
    assert studies.join("mine").trials()
    assert studies.join("mine").plan.base.train_images == 500


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, violations, study, scheme):
    assert violations(unfold(open_page("train", color_scheme=scheme))) == []


def test_on_a_phone_the_axes_lie_under_one_another(open_page, phone, overflow, violations, study):
    page = unfold(open_page("train", **phone))
    assert overflow(page) == 0
    boxes = [strip.bounding_box() for strip in page.locator(".parallel .strip").all()]
    assert all(box["width"] > box["height"] for box in boxes)
    assert len({round(box["x"]) for box in boxes}) == 1
    # a finger along the upper half of the first axis, the activation's, keeps silu
    page.locator(".parallel .strip").first.scroll_into_view_if_needed()
    box = page.locator(".parallel .strip").first.bounding_box()
    y, touch = box["y"] + box["height"] - 4, page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.5), ("touchMove", 0.7), ("touchMove", 0.98), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + share * box["width"], "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(rows(page)).to_have_count(3)
    assert numbers(page) == ["5", "3", "1"]
    assert violations(page) == []
