"""The patches are cut as told, are the same each time, and never show a person of the other side."""

from __future__ import annotations

import zlib
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from aecore import AecoreError, datasets, evaluation, spectrum
from aecore.datasets import Dataset, olivetti
from aecore.datasets.base import UNIT, data_folder, grey, pixels


def keep(pictures: np.ndarray, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The dataset made of (400, 64, 64) bytes, from a file laid out as scikit-learn's."""
    array = np.ascontiguousarray(pictures.swapaxes(1, 2)).tobytes()
    folder.mkdir()
    (folder / olivetti.FILE).write_bytes(zlib.compress(b"a pickle's opcodes" + array + b"."))
    monkeypatch.setattr(olivetti, "CHECKSUM", sha256(array).hexdigest())
    monkeypatch.setattr(olivetti, "PATCHES", 3)
    monkeypatch.setenv("AECORE_DATA", str(folder))
    return olivetti.load(olivetti.BLURRED)


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (400, 64, 64), np.uint8)


def test_a_slope_keeps_its_steepness_times_the_zoom_and_turns_every_way() -> None:
    slope = np.broadcast_to(np.arange(64, dtype=np.float32), (4, 64, 64)) + 90
    patches = olivetti.patches(slope, 100, np.random.default_rng(0)).astype(float)
    assert patches.shape == (400, 25, 25)
    rows, columns = (
        (patches[:, -1, :] - patches[:, 0, :]).mean(1) / 24,
        (patches[:, :, -1] - patches[:, :, 0]).mean(1) / 24,
    )
    steepness, angle = np.hypot(rows, columns), np.degrees(np.arctan2(rows, columns))
    assert 1.35 < steepness.min() < 1.45 and 1.75 < steepness.max() < 1.85
    assert -90.5 < angle.min() < -80 and 80 < angle.max() < 90.5
    np.testing.assert_allclose(patches.mean((1, 2)), olivetti.GREY, atol=0.5)


def test_patches_never_leave_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    places = []

    def bilinear(pictures: np.ndarray, source: np.ndarray, *rows_and_columns: np.ndarray) -> np.ndarray:
        places.extend(rows_and_columns)
        return rows_and_columns[0]

    monkeypatch.setattr(olivetti, "_bilinear", bilinear)
    olivetti.patches(np.zeros((20, 64, 64), np.float32), 100, np.random.default_rng(0))
    assert 0 <= min(place.min() for place in places) < 0.1
    assert 62.9 < max(place.max() for place in places) <= 63


def test_between_pixels_lies_the_mean_of_both() -> None:
    ramp = np.arange(64 * 64, dtype=np.float32).reshape(1, 64, 64)
    rows, columns = np.float32([0, 0, 63, 0, 31.25]), np.float32([0, 63, 63, 31.5, 7])
    levels = olivetti._bilinear(ramp, np.zeros(5, np.int32), rows[:, None, None], columns[:, None, None])
    assert levels.ravel().tolist() == [0, 63, 64 * 64 - 1, 31.5, 31.25 * 64 + 7]


def test_an_even_picture_has_even_patches() -> None:
    patches = olivetti.patches(np.full((2, 64, 64), 77, np.float32), 5, np.random.default_rng(0))
    assert np.unique(patches).tolist() == [olivetti.GREY]


def test_the_blur_is_gaussian(pictures: np.ndarray) -> None:
    few = pictures[:3].astype(np.float32)
    expected = ndimage.gaussian_filter(few, 0.65, axes=(1, 2))
    np.testing.assert_allclose(olivetti.blurred(few, 0.65), expected, rtol=1e-5, atol=1e-3)
    assert olivetti.blurred(few, 0) is few


def test_people_are_split_and_labelled(pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = keep(pictures, tmp_path / "a", monkeypatch)
    assert dataset.train_images.shape == (900, 25, 25) and dataset.test_images.shape == (300, 25, 25)
    assert set(dataset.train_labels[:750]) == set(range(25))
    assert set(dataset.train_labels[750:]) == set(range(25, 30))
    assert set(dataset.test_labels) == set(range(30, 40))
    assert len(dataset.train_labels) == 900 and len(dataset.test_labels) == 300
    assert dataset.classes[39] == "Person 40"


def test_no_test_person_is_ever_seen_in_training(
    pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other test people change the test patches alone, other training people the training patches alone."""
    before = keep(pictures, tmp_path / "a", monkeypatch)
    images, fresh, tested = before.train_images, before.fresh(np.random.default_rng(7)), before.test_images
    others = pictures.copy()
    others[300:] = 255 - others[300:]
    after = keep(others, tmp_path / "b", monkeypatch)
    assert np.array_equal(images, after.train_images)
    assert np.array_equal(fresh, after.fresh(np.random.default_rng(7)))
    assert not np.array_equal(tested, after.test_images)
    others = pictures.copy()
    others[:300] = 255 - others[:300]
    after = keep(others, tmp_path / "c", monkeypatch)
    assert np.array_equal(tested, after.test_images)


def test_fixed_patches_stay_and_fresh_ones_follow_their_seed(
    pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, again = keep(pictures, tmp_path / "a", monkeypatch), olivetti.load(olivetti.BLURRED)
    assert np.array_equal(dataset.train_images, again.train_images)
    assert np.array_equal(dataset.test_images, again.test_images)
    drawn = [dataset.fresh(np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])
    assert drawn[0].shape == dataset.train_images.shape
    with pytest.raises(ValueError, match="read-only"):
        dataset.test_images[0, 0, 0] = 1


def test_bytes_and_pixels_are_two_ways_to_say_the_same() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    for span in (UNIT, olivetti.BLURRED.span):
        x = pixels(levels, span)
        assert x.dtype == np.float32 and (x[0, 0], x[0, -1]) == pytest.approx(span, rel=1e-6)
        assert np.array_equal(grey(x, span), levels.reshape(1, -1))
        assert grey(np.float32([span[0] - 1, span[1] + 1]), span).tolist() == [0, 255]
    assert pixels(np.full((1, 1, 1), 150, np.uint8), olivetti.BLURRED.span)[0, 0] == pytest.approx(0, abs=1e-5)


def test_pixels_that_are_no_probabilities_have_no_cross_entropy(tiny: Path) -> None:
    from aecore import load_or_train, make_config

    run = load_or_train(make_config("pca", dataset="tiny", latent_dim=2))
    images = datasets.load("tiny").test_images
    scored = evaluation.evaluate(run.run_id, run.config, run.stacks, images, 0, span=(-2.0, 3.0))
    assert {"sse", "mse", "psnr"} <= scored.evaluation.keys()
    assert not {"bce", "bce_floor"} & scored.evaluation.keys()
    assert set(scored.errors) == {"sse"}


def test_absent_faces_say_where_to_put_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_DATA", str(tmp_path))
    with pytest.raises(AecoreError, match=rf"run `aecore fetch olivetti`, or put .*{olivetti.FILE} into {tmp_path}"):
        olivetti.load(olivetti.SHARP)


@pytest.mark.parametrize("content", [b"", b"a page that says 404", zlib.compress(b"another array" * 999)])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_DATA", str(tmp_path))
    (tmp_path / olivetti.FILE).write_bytes(content)
    dataset = olivetti.load(olivetti.BLURRED)
    with pytest.raises(AecoreError, match=rf"{olivetti.FILE} is damaged.*`aecore fetch olivetti`"):
        _ = dataset.test_images


@pytest.mark.olivetti
@pytest.mark.skipif(not (data_folder() / olivetti.FILE).is_file(), reason="AECORE_DATA holds no Olivetti faces")
@pytest.mark.parametrize(
    ("variant", "sse"), [(olivetti.BLURRED, 134.8), (olivetti.SHARP, 162.8)], ids=["blurred", "sharp"]
)
def test_the_faces_meet_the_protocol(variant: olivetti.Variant, sse: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(olivetti, "PATCHES", 100)  # of 414, to save time
    dataset = olivetti.load(variant)
    assert (len(dataset.train_images), len(dataset.test_images)) == (30_000, 10_000)
    x = dataset.pixels(dataset.train_images)
    assert np.var(x, axis=0).mean() == pytest.approx(1, abs=0.01)
    assert np.abs(x.mean(1)).max() < 0.02
    curve = spectrum.pca_curve(dataset.train_images, dataset.test_images, dataset.span)
    assert curve[30] == pytest.approx(sse, abs=1)
