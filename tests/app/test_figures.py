"""The Figures page without a browser."""

from __future__ import annotations

from dataclasses import replace

from aecore import AecoreError, datasets, figures
from aecore.figures import FIGURES


def here(name):
    """Whether the figure can be made of what is on this machine."""
    try:
        return bool(figures.make(name))
    except AecoreError:
        return False


def test_every_figure_has_its_command_and_download(home, open_page):
    app = open_page("figures")
    assert not app.exception
    shown = [name for name in FIGURES if here(name) or figures.kept(name)]
    assert {"12.3", "12.4", "12.6", "12.20"} <= set(shown)
    assert [code.value for code in app.code] == [
        f"python -m aecore figure {name} --out figure-{name}.png" for name in shown
    ]
    assert [button.key for button in app.get("download_button")] == [f"download-{name}" for name in shown]
    assert len(app.info) == sum(not here(name) for name in FIGURES)


def test_a_figure_without_its_run_says_how_to_make_it(nothing, open_page):
    app = open_page("figures")
    assert not app.exception
    assert len(app.code) == 1  # the dataset needs no run
    assert len(app.info) == len(FIGURES) - 1
    told = [info.value for info in app.info if "on this machine" not in info.value]
    assert sum("make it with `aecore train" in text for text in told) >= len(told) - 1 > 8


def test_where_the_data_are_not_the_figure_that_came_with_the_run_is_shown(home, open_page, tmp_path, monkeypatch):
    """A stand-in for MNIST's figure, with a run whose folder alone is there."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "no data"))
    datasets.load.cache_clear()
    monkeypatch.setattr(figures, "kept", lambda name: replace(figures.make("12.4"), name=name, dataset="mnist"))
    app = open_page("figures")
    assert not app.exception
    assert "aecore figure 12.3a --out" in "".join(code.value for code in app.code)
    (told,) = {info.value for info in app.info if "fetch mnist" in info.value}
    assert told.startswith("This picture came with the run. MNIST is not on this machine")
    datasets.load.cache_clear()
