"""Explore and Map on so few images that the gauge cannot tell, and the exported page of them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from aecore import datasets, exports, make_config
from aecore.experiment import add_maps, load_or_train
from aecore.store import Run

_SPEC = importlib.util.spec_from_file_location("browser_conftest", Path(__file__).with_name("conftest.py"))
UNSURE = "Too few test codes to tell: 1, and it takes 10."


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Runs on ten images of random grey, nine to learn from and one to test on, in a home of their own."""
    folder = tmp_path_factory.mktemp("few")
    images = np.random.default_rng(0).integers(0, 256, (10, 8, 8)).astype(np.uint8)
    np.savez(folder / "few.npz", images=images, labels=np.arange(10) % 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AECORE_HOME", str(folder / "home"))
        patch.setenv("AECORE_DATA", str(folder / "data"))
        datasets.load.cache_clear()
        datasets.add("few", folder / "few.npz")
        made = {
            family: load_or_train(make_config(family, dataset="few", latent_dim=3, epochs=1, hidden=(8,)))
            for family in ("ae", "vae")
        }
        for run in made.values():
            add_maps(run)
        yield made
    datasets.load.cache_clear()


@pytest.fixture(scope="module")
def app(runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app that has these runs."""
    assert _SPEC and _SPEC.loader
    conftest = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(conftest)
    home = runs["ae"].path.parents[1]
    with conftest.serve(home, tmp_path_factory.mktemp("app") / "log.txt") as url:
        yield url


def without_a_gauge(page: Page) -> None:
    """The picture follows a slider; no tile is underlined, and no share is shown."""
    expect(page.locator(".plausible")).to_contain_text(UNSURE)
    expect(page.locator(".level")).to_be_hidden()
    before = page.locator(".decoded").evaluate("(canvas) => canvas.toDataURL()")
    page.locator(".sliders input").first.press("End")
    page.locator(".sliders input").nth(1).press("End")
    expect(page.locator(".tiles .outside")).to_have_count(0)
    assert page.locator(".decoded").evaluate("(canvas) => canvas.toDataURL()") != before


def test_sliders_and_picture_work_without_a_gaussian_and_a_gauge(explore, runs) -> None:
    page = explore(f"?run={runs['ae'].run_id}")
    without_a_gauge(page)
    expect(page.get_by_text("Sample", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Random")).to_be_hidden()


def test_a_prior_is_there_without_a_test_code(explore, runs) -> None:
    page = explore(f"?run={runs['vae'].run_id}")
    without_a_gauge(page)
    expect(page.locator(".plausible")).to_contain_text(re.compile(r"^beyond [\d.]+ % of the prior\. Too few"))
    page.get_by_text("Prior sample", exact=True).click()
    expect(page.locator(".title")).to_contain_text("Prior sample")


def test_the_way_between_two_images_says_no_shares(explore, runs) -> None:
    page = explore(f"?run={runs['ae'].run_id}&panel=interpolate")
    expect(page.locator(".rows .step")).to_have_text(["–"] * 11)
    page.get_by_role("button", name="Other models").click()
    page.locator(".beside label").first.click()
    expect(page.locator(".rows .step")).to_have_text(["–"] * 22)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Stop").click()


@pytest.mark.parametrize("panel", ["traversal", "neighbours", "models", "directions", "own"])
def test_every_panel_opens(open_page, painted, runs, panel) -> None:
    page = open_page(f"?run={runs['ae'].run_id}&panel={panel}")
    painted(page, ".decoded")
    expect(page.get_by_role("tabpanel")).to_be_visible()
    without_a_gauge(page)


def test_one_dot_is_a_map(open_page, runs) -> None:
    page = open_page(f"map?run={runs['ae'].run_id}")
    expect(page.locator(".waiting")).to_be_hidden(timeout=20_000)
    expect(page.locator(".where")).to_contain_text("nearest test image: #0")
    page.locator(".over").press("ArrowLeft")
    page.locator(".over").press("+")
    expect(page.locator(".where")).to_contain_text("nearest test image: #0")


def test_one_code_is_one(open_page, runs) -> None:
    page = open_page("train")
    board = page.get_by_test_id("stMultiSelect").first.get_by_role("combobox")
    board.click()
    board.fill(runs["ae"].title)
    page.get_by_role("option", name=runs["ae"].title).first.click()
    expect(page.get_by_text("code of 1 test image", exact=True).first).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("family", ["ae", "vae"])
def test_the_exported_page_is_the_same(chromium, runs, tmp_path, family) -> None:
    exports.write("html", exports.View(runs[family]), tmp_path / "few.html")
    logged: list[str] = []
    page = chromium.new_context(offline=True).new_page()
    page.on("pageerror", lambda error: logged.append(str(error)))
    page.goto((tmp_path / "few.html").as_uri())
    expect(page.locator(".waiting")).to_be_hidden()
    expect(page.locator(".plausible")).to_contain_text(UNSURE)
    expect(page.locator(".where")).to_contain_text("nearest test image: #0")
    assert logged == []
    page.context.close()
