"""Explore under the hand, in headless Chromium: how soon the picture follows, and what the server has to do with it.

    python tests/bench/explore.py [--moves 300] [--seconds 10]

Drags sliders as fast as moves are taken, with the gauge on and each panel open in turn, along both kinds of axes. A
line each, in milliseconds: from an input's timestamp to its picture on the canvas; the same from the pointer's move,
which the browser holds back until its next frame; from one frame to the next; and the work in a frame's callback. Every
input is decoded: the two counts must be equal. Then bytes over the websocket: in a drag, at the commit that follows
it, and on a switch to another page and back. Then the server's processor time during a slow drag.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import DESKTOP, FLAGS, chromium_path, serve, wait_for_picture

WATCH = """
() => {
  let moved = 0;
  globalThis.watched = { inputs: 0, canvas: [], pointer: [], frames: [], work: [] };
  addEventListener("input", () => watched.inputs++, true);
  addEventListener("pointermove", ({ timeStamp }) => { moved = timeStamp; }, true);
  addEventListener("decoded", ({ detail: { since } }) => {
    watched.canvas.push(performance.now() - since);
    watched.pointer.push(performance.now() - moved);
  });
  const ask = globalThis.requestAnimationFrame;
  globalThis.requestAnimationFrame = (draw) => ask((at) => {
    const from = performance.now();
    draw(at);
    watched.work.push(performance.now() - from);
  });
  const frame = (at) => { watched.frames.push(at); ask(frame); };
  ask(frame);
}
"""
SCENES = {
    "traversal": ("", ".tiles canvas"),
    "traversal, principal axes": ("?view=principal", ".tiles canvas"),
    "interpolate": ("?panel=interpolate", ".tiles canvas"),
    "directions": ("?panel=directions", ".tiles canvas"),
    "directions, its own slider": ("?panel=directions", ".tiles canvas"),
    "neighbours": ("?panel=neighbours", ".near canvas"),
    "all models side by side": ("?panel=models", ".pair canvas"),
    "all models, principal axes": ("?panel=models&view=principal", ".pair canvas"),
}
SETTLE = 3000  # ms until all that a page asks for has come


class Wire:
    """Bytes over the page's websockets: `sent` to the server, `received` from it."""

    def __init__(self, page: Page) -> None:
        self.sent = self.received = 0
        page.on("websocket", lambda socket: self._listen(socket))

    def _listen(self, socket) -> None:
        socket.on("framesent", lambda data: self._count("sent", data))
        socket.on("framereceived", lambda data: self._count("received", data))

    def _count(self, way: str, data: bytes | str) -> None:
        setattr(self, way, getattr(self, way) + len(data))

    @contextmanager
    def told(self, page: Page, what: str) -> Iterator[None]:
        """Prints what went over it while the block ran and until the page has settled."""
        self.sent = self.received = 0
        yield
        page.wait_for_timeout(SETTLE)
        print(f"{what:32} {self.sent:9,} bytes to the server, {self.received:9,} from it")


def drag(page: Page, selector: str, moves: int, seconds: float = 0) -> None:
    """From end to end with the mouse, in equal steps, the button still down."""
    box = page.locator(selector).bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2, middle)
    page.mouse.down()
    for move in range(moves):
        page.mouse.move(box["x"] + 2 + (box["width"] - 4) * (move + 1) / moves, middle)
        page.wait_for_timeout(1000 * seconds / moves)


def percentiles(milliseconds: list[float]) -> str:
    """The median and the 95th percentile."""
    return "p50 {:5.1f}, p95 {:5.1f}".format(*np.percentile(milliseconds, [50, 95]))


def scene(page: Page, url: str, name: str, moves: int) -> None:
    """One line of times."""
    query, ready = SCENES[name]
    page.goto(f"{url}/{query}")
    wait_for_picture(page, ready)
    page.wait_for_timeout(SETTLE)
    sliders = [".along input"] if "own slider" in name else [f".sliders input >> nth={at}" for at in range(5)]
    page.evaluate(WATCH)
    for slider in sliders:
        drag(page, slider, moves // len(sliders))
        page.mouse.up()
    page.wait_for_timeout(200)
    seen = page.evaluate("watched")
    print(
        f"{name:28} canvas {percentiles(seen['canvas'])}  pointer {percentiles(seen['pointer'])}  "
        f"frames {percentiles(np.diff(seen['frames']))}  work {percentiles(seen['work'])}  "
        f"{seen['inputs']} inputs, {len(seen['canvas'])} decodes"
    )


def wire(page: Page, url: str) -> None:
    """Lines of bytes."""
    told = Wire(page).told
    with told(page, "the first page, all its parts"):
        page.goto(url)
        wait_for_picture(page, ".tiles canvas", ".pictures canvas")
    for slider in (0, 1):
        with told(page, "a drag"):
            drag(page, f".sliders input >> nth={slider}", 60)
        with told(page, "the commit after it"):
            page.mouse.up()
    for name in ("Map", "Explore", "Map", "Explore"):
        with told(page, f"to the page {name}"):
            page.get_by_role("link", name=name, exact=True).click()


def processor(page: Page, url: str, seconds: float) -> None:
    """One line: what the server's process used while a drag went on."""
    page.goto(url)
    wait_for_picture(page, ".tiles canvas")
    page.wait_for_timeout(SETTLE)
    server = server_at(url)
    used, since = processor_time(server), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    idle, waited = processor_time(server) - used, time.monotonic() - since
    used, since = processor_time(server), time.monotonic()
    drag(page, ".sliders input >> nth=0", 200, seconds)
    dragged, took = processor_time(server) - used, time.monotonic() - since
    page.mouse.up()
    print(
        f"the server's processor time: {dragged:.2f} s in a drag of {took:.1f} s, "
        f"{idle:.2f} s in {waited:.1f} s at rest"
    )


def server_at(url: str) -> int:
    """The process that serves it."""
    option = f"--server.port={url.rpartition(':')[2]}".encode()
    commands = {int(path.parent.name): path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")}
    return next(process for process, command in commands.items() if option in command.split(b"\0"))


def processor_time(process: int) -> float:
    """Seconds, in user and system mode."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print it all, and how busy the machine was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", choices=["times", "bytes", "processor", *SCENES], help="one part, or one scene")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        with serve(Path(folder), Path(folder) / "log.txt") as url:
            page = browser.new_page(viewport=DESKTOP)
            for name in SCENES:
                if options.only in (None, "times", name):
                    scene(page, url, name, options.moves)
            if options.only in (None, "bytes"):
                wire(browser.new_page(viewport=DESKTOP), url)
            if options.only in (None, "processor"):
                processor(page, url, options.seconds)
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
