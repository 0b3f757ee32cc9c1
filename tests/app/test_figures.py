"""The Figures page without a browser."""

from __future__ import annotations

from aecore.figures import FIGURES


def test_every_figure_has_its_command_and_download(home, open_page):
    app = open_page("figures")
    assert not app.exception
    assert [code.value for code in app.code] == [
        f"python -m aecore figure {name} --out figure-{name}.png" for name in FIGURES
    ]
    assert [button.key for button in app.get("download_button")] == [f"download-{name}" for name in FIGURES]


def test_a_figure_without_its_run_says_how_to_make_it(nothing, open_page):
    app = open_page("figures")
    assert not app.exception
    assert len(app.code) == 1  # the dataset needs no run
    assert all("make it with `aecore train" in info.value for info in app.info)
    assert len(app.info) == len(FIGURES) - 1
