"""Figures carry their runs and numbers, and are shown from the runs' folders where the data are not."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import AecoreError, RunConfig, datasets, figures, grids, make_config, roots, stacks, store
from aecore.__main__ import main
from aecore.datasets import Dataset, Row
from aecore.files import write_whole
from aecore.record import RECORD
from aecore.stacks import Layer, Stack


@pytest.fixture(scope="module")
def stand_in() -> Callable[[str], Dataset]:
    """Makes a dataset of ten classes under any name: the figures' own are not on every machine."""
    fashion = datasets.load("fashion_mnist")
    return lambda name: replace(fashion, name=name, title=name, read=lambda part: getattr(fashion, part)[:500])


@pytest.fixture
def chapter_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Callable[[str], Dataset]) -> Iterator[Path]:
    """Every run that a figure needs, its decoder of one grey, with three grids."""
    monkeypatch.setattr(roots, "shipped", lambda: tmp_path)
    for name in ("mnist", "olivetti"):
        monkeypatch.setitem(datasets.DATASETS, name, Row(name, lambda name=name: stand_in(name)))
    datasets.load.cache_clear()
    for config in {config.run_id: config for row in figures.FIGURES.values() for config in row.configs}.values():
        finish(config, tmp_path / config.run_id)
    yield tmp_path
    datasets.load.cache_clear()


def finish(config: RunConfig, folder: Path) -> None:
    grey, d = {"ae": 0.2, "vae": 0.5, "pca": 1.5}.get(config.family, 0.3), config.latent_dim
    encoder = Stack((Layer(np.zeros((d, 784), np.float32), np.zeros(d, np.float32), "linear"),))
    decoder = Stack((Layer(np.zeros((784, d), np.float32), np.full(784, grey, np.float32), "linear"),))
    weights = stacks.dump({"encoder": encoder, "decoder": decoder})
    lines = [{"epoch": epoch, "seconds": 1.0, "train": {}, "test": {"recon": 300.0 - epoch}} for epoch in (1, 10, 100)]
    files = {store.WEIGHTS: weights, store.HISTORY: "".join(json.dumps(line) + "\n" for line in lines).encode()}
    record = {
        "config": config.to_dict(),
        "epochs": 100,
        "seconds": 100.0,
        "image_shape": [28, 28],
        "data": dict(datasets.load(config.dataset).checksums),
        "evaluation": {"sse": 10 * grey},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    for name, data in files.items():
        write_whole(folder / name, data)
    write_whole(folder / RECORD, json.dumps(record).encode())
    for kind in (store.RECONSTRUCTIONS, store.SAMPLES):
        for line in lines:
            path = store.Run(folder).grid(line["epoch"], kind)
            write_whole(path, grids.png(np.full((280, 280), line["epoch"], np.uint8)))


MADE = [name for name, row in figures.FIGURES.items() if row.configs or name == "12.4"]


@pytest.mark.parametrize("name", MADE)
def test_every_figure_is_made_with_its_provenance(name: str, chapter_runs: Path, tmp_path: Path) -> None:
    figure = figures.make(name)
    path = tmp_path / "out" / f"{name}.png"
    beside = figures.save(figure, path)
    with Image.open(path) as stored:
        assert stored.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert stored.size == figure.image.size
    told = json.loads(beside.read_text())
    assert (told["figure"], told["dataset"]) == (name, figures.FIGURES[name].dataset)
    assert told["runs"] == [config.run_id for config in figures.FIGURES[name].configs]
    assert set(told["numbers"]) == set(told["runs"])
    assert sorted(file.name for file in path.parent.iterdir()) == [beside.name, path.name]


def test_optimised_codes_have_rows_of_their_own(chapter_runs: Path) -> None:
    ae, linear, pca, best = (store.find(config) for config in figures.FIGURES["12.3a-extended"].configs)
    assert figures.make("12.3a-extended").numbers == {
        ae.run_id: {"sse": 2.0},  # its optimised codes have never been scored
        linear.run_id: {"sse": 3.0},
        pca.run_id: {"sse": 15.0},
        best.run_id: {"sse, optimised codes": 3.0},
    }
    ae.save_measures({"optimised": {"sse": 1.25}})
    figure = figures.make("12.3a-extended")
    assert figure.numbers[ae.run_id] == {"sse": 2.0, "sse, optimised codes": 1.25}
    assert figure.image.height == 6 * 28 * grids.SCALE
    assert figures.make("12.3a").image.height == 4 * 28 * grids.SCALE


def test_a_denoised_image_is_scored_against_the_clean_one(chapter_runs: Path) -> None:
    (numbers,) = figures.make("12.9").numbers.values()
    x = datasets.load("fashion_mnist").pixels(datasets.load("fashion_mnist").test_images)
    assert numbers == {
        "noise": make_config("denoising-ae").noise,
        "sse": pytest.approx(np.square(x - 0.3).sum(1).mean(), rel=1e-4),
    }


def test_all_figures_are_written_but_those_that_cannot_be_made(
    chapter_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("12.4", "12.7", "12.18")
    monkeypatch.setattr(figures, "FIGURES", {name: figures.FIGURES[name] for name in names})
    assert main(["figure", "all", "--out", str(tmp_path / "all")]) == 0
    shutil.rmtree(chapter_runs / make_config("ae").run_id)
    assert main(["figure", "all", "--out", str(tmp_path / "some")]) == 2
    assert "12.7 needs the run" in capsys.readouterr().err
    assert sorted(path.stem for path in (tmp_path / "some").glob("*.png")) == ["12.18", "12.4"]


def test_a_figure_is_kept_with_its_run_where_the_data_are_not(
    chapter_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = list(figures.ship())
    assert [path.stem for path in written if path.stem.startswith("12.3a")] == ["12.3a", "12.3a-extended"]
    made, kept = figures.make("12.3a"), figures.kept("12.3a")
    assert kept is not None
    assert kept.provenance() == made.provenance()
    assert np.array_equal(np.asarray(kept.image), np.asarray(made.image))
    assert figures.kept("12.4") is None and figures.kept("12.9") is None


def test_a_stored_grid_is_enlarged_without_blurring(chapter_runs: Path) -> None:
    figure = figures.make("12.7")
    assert figure.image.size == (1400, 1400)
    assert np.unique(np.asarray(figure.image)).tolist() == [10]
    assert figure.numbers == {make_config("ae").run_id: {"recon": 290.0}}
    assert figure.caption.endswith("AE reconstructions after 10 epochs.")


def test_comparison_shows_each_run_and_its_error(chapter_runs: Path) -> None:
    figure = figures.make("12.3")
    middle = np.asarray(figure.image)[70::140, figure.image.width // 2]  # one print pixel of each row
    assert middle[1:].tolist() == [51, 128, 255]
    assert list(figure.numbers.values()) == [{"sse": 2.0}, {"sse": 5.0}, {"sse": 15.0}]


def test_an_unknown_figure_gets_the_list() -> None:
    with pytest.raises(AecoreError, match=r"no figure '12\.99'; choose one of 12\.3, 12\.3a"):
        figures.make("12.99")


def test_an_absent_run_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "folders", lambda: [tmp_path])
    with pytest.raises(AecoreError, match=r"12\.18 needs the run vae-.*`aecore train vae`"):
        figures.make("12.18")


def test_an_absent_or_damaged_grid_is_named(chapter_runs: Path) -> None:
    grid = store.load(make_config("ae").run_id).grid(100)
    grid.write_bytes(grid.read_bytes()[:40])
    with pytest.raises(AecoreError, match=r"0100\.png is missing or damaged"):
        figures.make("12.8")
    grid.unlink()
    with pytest.raises(AecoreError, match=r"0100\.png is missing or damaged"):
        figures.make("12.8")


def test_a_figure_is_saved_as_png_only_and_never_half(tmp_path: Path) -> None:
    figure = figures.make("12.4")
    with pytest.raises(AecoreError, match=r"end in \.png"):
        figures.save(figure, tmp_path / "figure.jpg")
    (tmp_path / "file").write_text("")
    with pytest.raises(AecoreError, match="cannot be written"):
        figures.save(figure, tmp_path / "file" / "figure.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["", "null", "3", "[]", "{}", "[" * 100_000, '{"title": 1}', "RUNS", "NUMBERS"])
def test_damaged_provenance_of_a_kept_figure_is_as_none(text, tmp_path, monkeypatch):
    monkeypatch.setattr(roots, "shipped", lambda: tmp_path)
    row = figures.FIGURES["12.3a"]
    path = tmp_path / row.configs[0].run_id / "figures" / "12.3a.png"
    path.parent.mkdir(parents=True)
    facts = {
        "title": "",
        "caption": "",
        "dataset": "mnist",
        "checksums": {},
        "runs": [],
        "numbers": {"run": {"sse": 1}},
    }
    Image.new("L", (2, 2)).save(path)
    path.with_suffix(".json").write_text(json.dumps(facts))
    assert figures.kept("12.3a").provenance()["numbers"] == {"run": {"sse": 1}}
    wrong = {"RUNS": json.dumps({**facts, "runs": 3}), "NUMBERS": json.dumps({**facts, "numbers": {"run": 3}})}
    path.with_suffix(".json").write_text(wrong.get(text, text))
    assert figures.kept("12.3a") is None


def test_all_figures_into_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AecoreError, match="File exists"):
        next(figures.save_all(tmp_path / "file"))
