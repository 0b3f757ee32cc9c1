"""What a training job and its neighbours do to each other: a busy process to its speed, and it to the app's clicks.

    python tests/bench/neighbour.py [--rounds 3] [--seconds 8] [--clicks 20]

Prints the seconds an epoch of a job alone, beside a process that never rests, and beside another job, with the share
of its speed that it keeps; then the milliseconds from a click on the Train page to what it changes there, while
nothing trains and while a run does. What is compared takes turns within each round, so that both see the same machine.
The job is the page's own; OMP_NUM_THREADS and OMP_WAIT_POLICY in the environment overrule what it sets for itself.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import DESKTOP, FLAGS, chromium_path, serve

from aecore import jobs, make_config
from aecore.config import RunConfig
from aecore.draft import Draft

JOB = make_config("ae", "fast", epochs=100_000)
OTHER = make_config("ae", "fast", epochs=100_000, seed=1)
# And what the field Epochs says when each is chosen; the page opens with the second.
RECIPES = {name.capitalize(): str(make_config("ae", name).epochs) for name in ("chapter", "fast")}
# Milliseconds from the click on a recipe until the field Epochs says so.
CLICK = """
async ([recipe, epochs]) => {
  const button = [...document.querySelectorAll("[data-testid=stButtonGroup] button")]
    .find((one) => one.textContent.trim() === recipe);
  const began = performance.now();
  button.click();
  while (document.querySelector("input[aria-label=Epochs]")?.value !== epochs)
    await new Promise(requestAnimationFrame);
  return performance.now() - began;
}
"""


def wait_for(condition: Callable[[], bool]) -> None:
    """Look ten times a second."""
    while not condition():
        time.sleep(0.1)


@contextlib.contextmanager
def training(config: RunConfig) -> Iterator[Draft]:
    """A job of the page's, from its second epoch on, beside whatever trains already; it is gone afterwards."""
    draft = Draft(config)
    jobs.start(config, now=True)
    try:
        wait_for(lambda: draft.last_epoch > 1)
        yield draft
    finally:
        jobs.stop(config.run_id)
        wait_for(lambda: not draft.alive)
        draft.discard()


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """A process that never rests."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def epochs(draft: Draft, seconds: float) -> list[float]:
    """Seconds of the whole epochs of the next so many seconds, two at least; the one under way is not counted."""
    first, end = draft.last_epoch + 1, time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > end and draft.last_epoch > first + 1)
    return [row["seconds"] for row in draft.history() if row["epoch"] > first]


def clicks(page: Page, count: int) -> list[float]:
    """Milliseconds of so many clicks, after two that warm up."""
    recipes = list(RECIPES.items())
    return [page.evaluate(CLICK, list(recipes[click % 2])) for click in range(count + 2)][2:]


def percentiles(each: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    return statistics.median(each), statistics.quantiles(each, n=20)[-1]


def speeds(rounds: int, seconds: float) -> None:
    """A job alone and beside others, in turns."""
    beside = {"alone": contextlib.nullcontext, "beside a busy process": busy, "beside a job": lambda: training(OTHER)}
    found: dict[str, list[float]] = {name: [] for name in beside}
    with training(JOB) as draft:
        for _ in range(rounds):
            for name, neighbour in beside.items():
                with neighbour():
                    found[name] += epochs(draft, seconds)
    alone = statistics.median(found["alone"])
    for name, each in found.items():
        kept = alone / statistics.median(each)
        print(f"{name:<24}{statistics.median(each):6.2f} s an epoch  {kept:5.0%} of its speed  ({len(each)} epochs)")


def latencies(page: Page, rounds: int, count: int) -> None:
    """Clicks while nothing trains and while a job does, in turns."""
    idle, loaded = [], []
    for _ in range(rounds):
        page.reload()
        expect(page.get_by_label("Epochs", exact=True)).to_be_visible(timeout=60_000)
        idle += clicks(page, count)
        with training(JOB):
            page.reload()
            expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=60_000)
            loaded += clicks(page, count)
    (idle_p50, idle_p95), (p50, p95) = percentiles(idle), percentiles(loaded)
    print(f"clicks, idle               p50 {idle_p50:4.0f} ms, p95 {idle_p95:4.0f} ms  ({len(idle)} clicks)")
    print(f"clicks, while a run trains p50 {p50:4.0f} ms, p95 {p95:4.0f} ms  ({len(loaded)} clicks)")
    print(f"times idle                 p50 {p50 / idle_p50:4.2f}, p95 {p95 / idle_p95:4.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--clicks", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AECORE_HOME"] = folder
        speeds(options.rounds, options.seconds)
        with sync_playwright() as playwright, serve(Path(folder), Path(folder) / "log.txt") as url:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            page = browser.new_page(viewport=DESKTOP)
            page.goto(f"{url}/train")
            latencies(page, options.rounds, options.clicks)
            browser.close()


if __name__ == "__main__":
    main()
