"""Grids lay images where the chapter lays them; figures carry their runs and numbers."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import AecoreError, datasets, figures, make_config, stacks, store
from aecore.stacks import Layer, Stack


@pytest.fixture
def images() -> np.ndarray:
    return datasets.load("fashion_mnist").test_images


def tile_at(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    return sheet[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]


def test_grid_pairs_each_image_with_its_reconstruction(images: np.ndarray) -> None:
    real, reconstructed = images[:50], images[50:100]
    sheet = figures.grid(real, reconstructed)
    assert (sheet.shape, sheet.dtype) == ((280, 280), np.uint8)
    for i in range(50):
        row, column = divmod(i, 5)
        assert np.array_equal(tile_at(sheet, row, column), real[i])
        assert np.array_equal(tile_at(sheet, row, column + 5), reconstructed[i])


def test_sample_grid_goes_row_by_row(images: np.ndarray) -> None:
    sheet = figures.sample_grid(images[:100])
    assert np.array_equal(tile_at(sheet, 3, 7), images[37])


def test_a_grid_of_another_count_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="50 images"):
        figures.grid(images[:50], images[:49])
    with pytest.raises(ValueError, match="100 images"):
        figures.sample_grid(images[:99])


def test_floats_are_clipped_and_flat_images_unfolded(images: np.ndarray) -> None:
    flat = images[:3].reshape(3, -1) / np.float32(255)
    assert np.array_equal(figures.tile(flat, 3), np.hstack(images[:3]))
    assert figures.tile(np.array([[-0.2, 0.5, 1.0, 1.3]]), 1).tolist() == [[0, 128], [255, 255]]


def test_an_unfinished_row_is_black(images: np.ndarray) -> None:
    sheet = figures.tile(images[:3], 2)
    assert sheet.shape == (56, 56)
    assert not tile_at(sheet, 1, 1).any()


def test_png_keeps_every_pixel(images: np.ndarray) -> None:
    sheet = figures.sample_grid(images[:100])
    assert np.array_equal(np.asarray(Image.open(BytesIO(figures.png(sheet)))), sheet)


@pytest.fixture
def chapter_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The chapter's three runs, each a decoder of its own grey and three grids."""
    monkeypatch.setattr(store, "shipped", lambda: tmp_path)
    for grey, family in ((0.2, "ae"), (0.5, "vae"), (1.5, "pca")):
        config = make_config(family)
        folder = tmp_path / config.run_id
        encoder = Stack((Layer(np.zeros((20, 784)), np.zeros(20), "linear"),))
        decoder = Stack((Layer(np.zeros((784, 20)), np.full(784, grey), "linear"),))
        weights = stacks.dump({"encoder": encoder, "decoder": decoder})
        record = {
            "config": config.to_dict(),
            "epochs": 100,
            "evaluation": {"sse": 10 * grey},
            "files": {store.WEIGHTS: hashlib.sha256(weights).hexdigest()},
        }
        lines = [{"epoch": epoch, "test": {"recon": 300.0 - epoch}} for epoch in (1, 10, 100)]
        store.write_whole(folder / store.WEIGHTS, weights)
        store.write_whole(folder / store.RECORD, json.dumps(record).encode())
        store.write_whole(folder / store.HISTORY, "".join(json.dumps(line) + "\n" for line in lines).encode())
        for kind in (store.RECONSTRUCTIONS, store.SAMPLES):
            for line in lines:
                path = store.load(config.run_id).grid(line["epoch"], kind)
                store.write_whole(path, figures.png(np.full((280, 280), line["epoch"], np.uint8)))
    return tmp_path


@pytest.mark.parametrize("name", figures.FIGURES)
def test_every_figure_is_made_with_its_provenance(name: str, chapter_runs: Path, tmp_path: Path) -> None:
    figure = figures.make(name)
    path = tmp_path / "out" / f"{name}.png"
    beside = figures.save(figure, path)
    with Image.open(path) as stored:
        assert stored.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert stored.size == figure.image.size
    told = json.loads(beside.read_text())
    assert told["figure"] == name
    assert told["runs"] == [make_config(family).run_id for family in figures.FIGURES[name].families]
    assert set(told["numbers"]) == set(told["runs"])
    assert sorted(file.name for file in path.parent.iterdir()) == [beside.name, path.name]


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
    with pytest.raises(AecoreError, match=r"no figure '12\.99'; choose one of 12\.3, 12\.4"):
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
