"""Names that people, files and addresses bring are text in a real browser: no element and no request comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from aecore import RunConfig, datasets, exports, load_or_train
from aecore.exports import View

EVIL = '![a](//e.invalid/a.png) <img src=//e.invalid/b.png> <i class=evil>c</i> *d* :red[e] :smile: $f$ "g"'

# Elements that only a name can have made, and all text, in the page and in its components.
LOOK = """() => {
  const made = [], text = [];
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      const leads = one.getAttribute("src") ?? one.getAttribute("href") ?? "";
      if (/^\\/\\/e\\.invalid/.test(leads) || one.classList.contains("evil"))
        made.push(one.outerHTML);
      if (one.shadowRoot) { text.push(one.shadowRoot.textContent); look(one.shadowRoot); }
    }
  };
  look(document);
  return { made, text: document.body.textContent + text.join(" ") };
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with one run, of images whose classes are called `EVIL` and the like."""
    folder = tmp_path_factory.mktemp("names")
    random = np.random.default_rng(0)
    labels = np.array([EVIL, "</script><script>throw 1</script>", "{{x}} ${x} %{x}"])[np.arange(300) % 3]
    np.savez(folder / "a.npz", images=random.integers(0, 256, (300, 8, 8), np.uint8), labels=labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AECORE_HOME", str(folder / "home"))
        patch.setenv("AECORE_DATA", str(folder / "data"))
        datasets.add("mine", folder / "a.npz", test_share=0.3)
        load_or_train(RunConfig("ae", dataset="mine", latent_dim=2, epochs=2, hidden=(8,)))
        yield folder / "home"


def check(page: Page, *texts: str) -> None:
    found = page.evaluate(LOOK)
    assert found["made"] == []
    for text in texts:
        assert text in found["text"]


def test_no_page_makes_anything_of_a_name(home: Path, served: Callable, chromium: Browser) -> None:
    run = RunConfig("ae", dataset="mine", latent_dim=2, epochs=2, hidden=(8,)).run_id
    with served(home) as address, chromium.new_context() as context:
        page, outside = context.new_page(), []
        page.on(
            "request", lambda request: urlsplit(request.url).hostname == "e.invalid" and outside.append(request.url)
        )
        page.on("pageerror", lambda error: outside.append(str(error)))
        page.goto(f"{address}/?run={quote(EVIL)}&start={quote(EVIL)}&panel={quote(EVIL)}")
        expect(page.get_by_test_id("stAlert")).to_contain_text("The link's run “")
        check(page, f"The link's run “{EVIL}” is not on this computer")
        for panel in ("directions", "neighbours", "traversal", "own"):
            page.goto(f"{address}/?run={run}&panel={panel}&start=mean-0")
            expect(page.locator(".explorer canvas").first).to_be_visible(timeout=30_000)
            page.wait_for_timeout(500)
            check(page)
        page.goto(f"{address}/?run={run}&panel=directions")
        expect(page.locator("select[name=a]")).to_be_visible(timeout=30_000)
        check(page, EVIL)
        page.goto(f"{address}/map?run={quote(EVIL)}")
        expect(page.get_by_test_id("stAlert")).to_contain_text("The link's run “")
        expect(page.locator(".atlas canvas").first).to_be_visible(timeout=30_000)
        expect(page.locator(".legend, .atlas").first).to_be_visible()
        page.wait_for_timeout(500)
        check(page, EVIL, f"The link's run “{EVIL}” is not on this computer")
        page.goto(f"{address}/compare")
        page.get_by_text("Mine", exact=True).first.click(timeout=30_000)
        expect(page.locator(".block .picture").first).to_be_visible(timeout=30_000)
        check(page)
        page.goto(f"{address}/train")
        expect(page.locator(".epochs canvas").first).to_be_visible(timeout=30_000)
        check(page)
    assert outside == []


def test_the_exported_page_makes_nothing_of_a_name(home: Path, chromium: Browser, tmp_path: Path) -> None:
    config = RunConfig("ae", dataset="mine", latent_dim=2, epochs=2, hidden=(8,))
    (data,) = exports.make("html", View(load_or_train(config))).values()
    (tmp_path / "page.html").write_bytes(data)
    with chromium.new_context() as context:
        page, outside = context.new_page(), []
        page.on(
            "request", lambda request: urlsplit(request.url).hostname == "e.invalid" and outside.append(request.url)
        )
        page.on("pageerror", lambda error: outside.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        expect(page.locator(".explorer canvas").first).to_be_visible(timeout=30_000)
        page.wait_for_timeout(500)
        check(page, EVIL)
    assert outside == []
