"""The app, served once, and a Chromium to look at it with."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


# Whether a canvas of each of the explorer's kinds shows more than one colour.
PAINTED = """
(selectors) => {
  const host = [...document.querySelectorAll("*")].find((one) => one.shadowRoot?.querySelector(".explorer"));
  const colours = (canvas) => new Set(
    new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
  return host && selectors.every((selector) =>
    [...host.shadowRoot.querySelectorAll(selector)].some((canvas) => colours(canvas) > 1));
}
"""


# Notes what a drag does: moves of a pressed pointer, paintings of the decoded picture, milliseconds of work in each
# frame, words to the server.
WATCH = """
  () => {
    globalThis.watched = { inputs: [], paints: [], work: [], sent: 0 };
    addEventListener("pointermove", (event) => event.buttons && watched.inputs.push(event.timeStamp), true);
    const put = CanvasRenderingContext2D.prototype.putImageData;
    CanvasRenderingContext2D.prototype.putImageData = function (...words) {
      put.apply(this, words);
      if (this.canvas.className === "picture") watched.paints.push(performance.now());
    };
    const ask = globalThis.requestAnimationFrame;
    globalThis.requestAnimationFrame = (draw) => ask((at) => {
      const from = performance.now();
      draw(at);
      watched.work.push(performance.now() - from);
    });
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...words) {
      watched.sent++;
      send.apply(this, words);
    };
  }
"""


def wait_for_picture(page: Page, *others: str) -> None:
    """Until Explore shows a decoded picture, and a picture on some canvas of each other selector."""
    page.wait_for_function(PAINTED, arg=[".decoded", *others], timeout=20_000)


def chromium_path() -> str | None:
    """The system's Chromium, or None."""
    return shutil.which("chromium")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@contextlib.contextmanager
def serve(home: Path, log: Path, script: Path | str = "app/main.py") -> Iterator[str]:
    """The address of the app, or of another script, for as long as the block lasts."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}",
               "--server.address=127.0.0.1", "--server.headless=true", "--server.fileWatcherType=none"]  # fmt: skip
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "AECORE_HOME": str(home)}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(f"{url}/_stcore/health"):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="session")
def app(own_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, which runs with a home of its own."""
    with serve(own_home, tmp_path_factory.mktemp("app") / "log.txt") as url:
        yield url


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., contextlib.AbstractContextManager[str]]:
    """`with served(home, script="app/main.py") as address`: the app with another home, or another script."""
    return lambda home, script="app/main.py": serve(home, tmp_path / "log.txt", script)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    if chromium_path() is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(app: str, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(path="", **context)`: a page of the app in a fresh context. No page may log an error."""
    opened, errors = [], []

    def open_one(path: str = "", **context: Any) -> Page:
        place = chromium.new_context(**{"viewport": DESKTOP, **context})
        opened.append(place)
        page = place.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: _ours(message) and errors.append(f"{message.text} {message.location}"))
        page.goto(f"{app}/{path}")
        return page

    yield open_one
    for place in opened:
        place.close()
    assert errors == []


def _ours(message: ConsoleMessage) -> bool:
    """Whether it is an error; on a page with a path Streamlit looks for itself below that path first, in vain."""
    return message.type == "error" and "/_stcore/" not in message.location["url"]


@pytest.fixture
def explore(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens Explore as `open_page` does and waits until all of it is there; called with a page, it only waits."""

    def ready(page: Page | str = "", **context: Any) -> Page:
        opened = page if isinstance(page, Page) else open_page(page, **context)
        wait_for_picture(opened, ".tiles canvas", ".pictures canvas")
        return opened

    return ready


@pytest.fixture
def painted() -> Callable[..., None]:
    """`painted(page, *selectors)`: waits until Explore shows a picture, and one on some canvas of each selector."""
    return wait_for_picture


@pytest.fixture
def watch() -> Callable[[Page], None]:
    """`watch(page)`: from then on the page's `watched` holds what drags over the map do."""
    return lambda page: page.evaluate(WATCH)


@pytest.fixture
def phone() -> dict[str, Any]:
    """What makes a context a phone's, for `open_page`."""
    return {"viewport": PHONE, "has_touch": True, "is_mobile": True}


# What is stale is pale, and so is what fades in: neither is the page that a person reads.
AT_REST = """() => !document.querySelector("[data-stale=true], [data-test-script-state=running]")
  && document.getAnimations().every((one) => one.playState !== "running"
    || one.effect.getComputedTiming().iterations === Infinity)"""


@pytest.fixture
def violations() -> Callable[[Page], list[str]]:
    """What axe-core finds wrong with a page, a line each; its script comes with the package."""

    def find(page: Page) -> list[str]:
        # Twice where there is something: a rerun that begins meanwhile greys out what it will replace.
        return look(page) and look(page)

    def look(page: Page) -> list[str]:
        page.wait_for_function(AT_REST)
        found = Axe().run(page).response["violations"]
        return [
            f"{rule['id']}: {node['target']} {node['html'][:160]} {[check.get('data') for check in node['any']]}"
            for rule in found
            for node in rule["nodes"]
        ]

    return find


@pytest.fixture
def overflow() -> Callable[[Page], int]:
    """By how many pixels a page is wider than its window."""
    return lambda page: int(page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))


@pytest.fixture
def offered() -> Callable[[Page, str | re.Pattern[str]], Locator]:
    """`offered(page, words)`: the first run so called to choose on Explore or Map, a button or an option of a list."""

    def find(page: Page, words: str | re.Pattern[str]) -> Locator:
        button = page.get_by_test_id("stButtonGroup").get_by_role("radio", name=words).first
        many = page.get_by_test_id("stSelectbox").get_by_role("combobox").first
        expect(button.or_(many).first).to_be_visible(timeout=30_000)
        if button.count():
            return button
        many.click()
        return page.get_by_role("option", name=words).first

    return find
