"""Milliseconds from a slider's input to the picture on its canvas, and to the next frame, in headless Chromium.

    python tests/bench/slider.py [--moves 600]

Drags the sliders in turn with the strip live, and counts inputs and decodes: they must be equal.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import FLAGS, chromium_path, serve, wait_for_picture

WATCH = """
() => {
  globalThis.watched = { inputs: 0, canvas: [], frame: [] };
  addEventListener("input", () => watched.inputs++);
  addEventListener("decoded", ({ detail: { since } }) => {
    watched.canvas.push(performance.now() - since);
    requestAnimationFrame(() => watched.frame.push(performance.now() - since));
  });
}
"""


def drag(page: Page, slider: int, moves: int) -> None:
    """From end to end with the mouse, in equal steps."""
    box = page.locator(".sliders input").nth(slider).bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2, middle)
    page.mouse.down()
    for move in range(moves):
        page.mouse.move(box["x"] + 2 + (box["width"] - 4) * (move + 1) / moves, middle)
    page.mouse.up()


def percentiles(milliseconds: list[float]) -> str:
    """The median and the 95th percentile."""
    return f"p50 {statistics.median(milliseconds):.2f} ms, p95 {statistics.quantiles(milliseconds, n=20)[-1]:.2f} ms"


def main() -> None:
    """Print one line a measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=600)
    moves = parser.parse_args().moves
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        with serve(Path(folder), Path(folder) / "log.txt") as url:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            wait_for_picture(page)
            page.wait_for_timeout(2000)  # the images arrive
            page.evaluate(WATCH)
            for slider in range(10):
                drag(page, slider, moves // 10)
            page.wait_for_timeout(100)
            watched = page.evaluate("watched")
        browser.close()
    print(f"{watched['inputs']} inputs, {len(watched['canvas'])} decodes")
    print(f"input -> canvas      {percentiles(watched['canvas'])}")
    print(f"input -> next frame  {percentiles(watched['frame'])}")


if __name__ == "__main__":
    main()
