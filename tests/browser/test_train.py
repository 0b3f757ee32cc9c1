"""Train in Chromium: a run starts, its curves land, and a reload, a stop and a resume find it."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from aecore import jobs, store

IMAGES = 2000  # of the training images: an epoch takes a moment


@pytest.fixture
def page(open_page, own_home):
    """The Train page; what was trained on it is gone afterwards."""
    yield ready(open_page("train"))
    for job in jobs.jobs():
        jobs.stop(job.run_id)
    while any(job.active for job in jobs.jobs()):
        pass
    for folder in ("training", "runs"):
        shutil.rmtree(own_home / folder, ignore_errors=True)


def ready(page: Page) -> Page:
    expect(page.get_by_role("button", name="Start")).to_be_visible(timeout=20_000)
    return page


def start(page: Page, epochs: int, seed: int) -> None:
    """Start a small run of the fast recipe."""
    page.get_by_text("Fast", exact=True).click()
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("3")
    settle(page)
    fill(page, "Epochs", epochs)
    fill(page, "Seed", seed)
    page.get_by_text("More settings").click()
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    page.get_by_role("spinbutton", name="Training images (0: all)").fill(str(IMAGES))
    page.get_by_role("button", name="Start").click()  # at once: what was typed last counts


def fill(page: Page, label: str, value: int) -> None:
    field = page.get_by_role("spinbutton", name=label)
    field.fill(str(value))
    field.press("Enter")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the server has answered what was just done."""
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=20_000)


def progress(page: Page):
    return page.get_by_test_id("stProgress")


def test_a_run_is_watched_to_its_end_and_appears_on_every_page(page, offered):
    start(page, epochs=2, seed=71)
    expect(progress(page)).to_contain_text("of 2", timeout=20_000)
    expect(page.get_by_test_id("stToast")).to_contain_text("is trained: SSE", timeout=90_000)
    expect(progress(page)).to_have_count(0)
    expect(page.locator(".epochs .epoch").first).to_have_text(re.compile("of 2"))
    (run,) = [run for run in store.runs() if run.config.seed == 71]
    mine = re.compile(r"\b2 epochs")
    for name in ("Map", "Explore"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=30_000)
        settle(page)  # the controls of the page that was left are gone
        expect(offered(page, mine)).to_be_visible(timeout=30_000)
        page.keyboard.press("Escape")
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("combobox", name="Models").click(timeout=30_000)
    expect(page.get_by_role("option", name=mine)).to_be_visible()
    assert run.epochs() == [1, 2]
    assert run.config.train_images == IMAGES


def test_a_reload_finds_the_run_and_it_can_be_stopped_resumed_and_deleted(page):
    start(page, epochs=500, seed=72)
    expect(progress(page)).to_contain_text(re.compile(r"Epoch [1-9]\d* of 500 · .* left"), timeout=60_000)
    expect(page.locator(".epochs svg.curves polyline").first).to_be_visible(timeout=20_000)
    page.reload()
    expect(progress(page)).to_contain_text("of 500", timeout=20_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(progress(page)).to_contain_text("stopped", timeout=30_000)
    page.get_by_role("button", name="Resume").click()
    expect(progress(page)).to_contain_text("left", timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(progress(page)).to_contain_text("stopped", timeout=30_000)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the run").click()
    expect(progress(page)).to_have_count(0)
    assert jobs.jobs() == []


def test_on_a_phone_nothing_is_wider_than_the_window(open_page, phone, overflow):
    assert overflow(ready(open_page("train", **phone))) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page, violations, scheme):
    page = ready(open_page("train", color_scheme=scheme))
    expect(page.locator(".epochs canvas").first).to_be_visible()
    assert violations(page) == []
