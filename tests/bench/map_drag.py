"""Milliseconds from a pointer's move to the decoded picture on the canvas, over the map of 10,000 test codes.

    python tests/bench/map_drag.py [--moves 300]

Starts the app and a Chromium. For each projection, coloured by class and then by error with one class hidden: the
time from a move's own timestamp to the end of the painting that shows it, the frames a second while dragging, the
work in a frame (median and 95th percentile), and what was sent to the server meanwhile (nothing).
"""

import argparse
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import DESKTOP, FLAGS, WATCH, chromium_path, serve


def drag(page: Page, moves: int) -> None:
    """A growing spiral over the map, as fast as moves are taken."""
    box = page.locator(".over").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(moves):
        radius = 0.45 * box["height"] * step / moves
        page.mouse.move(x + radius * math.cos(step / 12), y + radius * math.sin(step / 12))
    page.wait_for_timeout(100)
    page.mouse.up()


def measure(page: Page, moves: int) -> str:
    """One line of numbers."""
    page.evaluate("watched.inputs.length = watched.paints.length = watched.work.length = watched.sent = 0")
    drag(page, moves)
    inputs, paints, work, sent = page.evaluate("[watched.inputs, watched.paints, watched.work, watched.sent]")
    waits = [next(paint for paint in paints if paint >= at) - at for at in inputs]
    p50, p95 = np.percentile(waits, [50, 95])
    work50, work95 = np.percentile(work, [50, 95])
    rate = (len(paints) - 1) * 1000 / (paints[-1] - paints[0])
    return (
        f"p50 {p50:5.1f} ms   p95 {p95:5.1f} ms   {rate:3.0f} pictures a second   "
        f"work in a frame {work50:.1f} and {work95:.1f} ms   "
        f"{len(inputs)} moves, {len(paints)} pictures, {sent} words to the server"
    )


def main() -> None:
    """Print a line for each projection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=300)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home), Path(home) / "log") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = browser.new_page(viewport=DESKTOP)
        page.goto(f"{url}/map")
        expect(page.locator(".where")).to_contain_text("nearest test image", timeout=30_000)
        page.evaluate(WATCH)
        drag(page, 60)  # warm up
        for name in ("PCA", "t-SNE"):
            page.get_by_role("radiogroup", name="Projection").get_by_role("radio", name=name).click()
            page.wait_for_timeout(1500)
            for look, by in (("by class", "class"), ("by error, a class hidden", "sse")):
                page.locator(".by").select_option(by)
                page.locator(".all").evaluate("button => button.click()")
                if by == "sse":
                    page.locator(".classes button").first.click()
                page.wait_for_timeout(500)
                print(f"{name:5} {look:25} {measure(page, options.moves)}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
