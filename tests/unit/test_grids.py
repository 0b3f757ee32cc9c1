"""Grids lay images where the chapter lays them, byte for byte."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aecore import datasets, grids
from aecore.grids import Strip


@pytest.fixture
def images() -> np.ndarray:
    return datasets.load("fashion_mnist").test_images


def tile_at(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    return sheet[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]


def test_grid_pairs_each_image_with_its_reconstruction(images: np.ndarray) -> None:
    real, reconstructed = images[:50], images[50:100]
    sheet = grids.grid(real, reconstructed)
    assert (sheet.shape, sheet.dtype) == ((280, 280), np.uint8)
    for i in range(50):
        row, column = divmod(i, 5)
        assert np.array_equal(tile_at(sheet, row, column), real[i])
        assert np.array_equal(tile_at(sheet, row, column + 5), reconstructed[i])


def test_sample_grid_goes_row_by_row(images: np.ndarray) -> None:
    sheet = grids.sample_grid(images[:100])
    assert np.array_equal(tile_at(sheet, 3, 7), images[37])


def test_a_grid_of_another_count_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="50 images"):
        grids.grid(images[:50], images[:49])
    with pytest.raises(ValueError, match="100 images"):
        grids.sample_grid(images[:99])


def test_floats_are_clipped_and_flat_images_unfolded(images: np.ndarray) -> None:
    flat = images[:3].reshape(3, -1) / np.float32(255)
    assert np.array_equal(grids.tile(flat, 3), np.hstack(images[:3]))
    assert grids.tile(np.array([[-0.2, 0.5, 1.0, 1.3]]), 1).tolist() == [[0, 128], [255, 255]]


def test_an_unfinished_row_is_black(images: np.ndarray) -> None:
    sheet = grids.tile(images[:3], 2)
    assert sheet.shape == (56, 56)
    assert not tile_at(sheet, 1, 1).any()


def test_png_keeps_every_pixel(images: np.ndarray) -> None:
    sheet = grids.sample_grid(images[:100])
    assert np.array_equal(np.asarray(Image.open(BytesIO(grids.png(sheet)))), sheet)


@pytest.mark.parametrize("label", ["two\nlines", "a\tb\x1b[31m\u2028", "x" * 10_000, ""])
def test_any_text_is_drawn_in_one_line(label: str, images: np.ndarray) -> None:
    page = grids.labelled([Strip(label, images[:2], label)])
    assert page.height == 28 * grids.SCALE
    assert len(grids.one_line(label)) <= grids.LONGEST


def test_labels_stand_beside_enlarged_rows_and_notes_at_their_ends(images: np.ndarray) -> None:
    page = np.asarray(grids.labelled([Strip("Real", images[:2]), Strip("AE", images[2:4], "SSE 1.00")]))
    row = images[:2].repeat(grids.SCALE, 1).repeat(grids.SCALE, 2)
    assert page.shape[0] == 2 * 28 * grids.SCALE
    starts = [at for at in range(page.shape[1]) if np.array_equal(page[: 28 * grids.SCALE, at : at + 140], row[0])]
    assert len(starts) == 1
    assert (page[:, : starts[0]] < 128).any()  # a label
    assert (page[28 * grids.SCALE :, starts[0] + 280 :] < 128).any()  # a note
    assert (page[: 28 * grids.SCALE, starts[0] + 280 :] == 255).all()  # none in the first row
