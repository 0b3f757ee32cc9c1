"""Seconds from starting `streamlit run app/main.py` to the decoded picture in Chromium, which is already open.

    python tests/bench/cold_start.py [--times 5]

Each time has a server, a browser context and a user folder of its own. Prints every time and the median.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import FLAGS, chromium_path, serve, wait_for_picture


def start(browser: Browser) -> tuple[float, float]:
    """Seconds until the server answers, and until the picture is there."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with serve(Path(folder), Path(folder) / "log.txt") as url:
            answered = time.perf_counter()
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(url, wait_until="commit")
            wait_for_picture(page)
            ended = time.perf_counter()
            context.close()
    return answered - began, ended - began


def main() -> None:
    """Print one line a start, and the median."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        browser.new_page().close()
        seconds = []
        for _ in range(parser.parse_args().times):
            answered, picture = start(browser)
            seconds.append(picture)
            print(f"server after {answered:.2f} s, picture after {picture:.2f} s", flush=True)
        browser.close()
    print(f"median {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main()
