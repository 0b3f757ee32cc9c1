"""Nearest rows, and the codes of what a run was trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aecore import AecoreError, datasets, neighbours, store


def test_nearest_rows_are_those_of_all_distances_in_order():
    random = np.random.default_rng(0)
    rows = random.standard_normal((101, 7), np.float32)
    x = random.standard_normal(7).astype(np.float32)
    found, squared = neighbours.nearest(np.split(rows, [30, 31, 90]), x, 9)
    every = ((rows.astype(np.float64) - x) ** 2).sum(1)
    np.testing.assert_array_equal(found, np.argsort(every)[:9])
    np.testing.assert_allclose(squared, np.sort(every)[:9], rtol=1e-5)


def test_equal_rows_stay_in_order_and_few_rows_are_all():
    rows = np.array([[1, 0], [0, 0], [0, 1]], np.float32)
    found, squared = neighbours.nearest([rows], np.zeros(2, np.float32), 5)
    assert found.tolist() == [1, 0, 2]
    assert squared.tolist() == [0, 1, 1]


def test_a_point_of_another_length_is_refused():
    with pytest.raises(AecoreError, match="no distance"):
        neighbours.nearest([np.zeros((3, 2), np.float32)], np.zeros(3, np.float32), 1)


def test_training_codes_are_the_encoders_of_what_the_run_has_seen():
    run = next(run for run in store.runs() if run.config.train_images == 2000)
    dataset = datasets.load(run.config.dataset)
    codes = neighbours.training_codes(run, dataset)
    assert codes.shape == (2000, run.config.latent_dim)
    np.testing.assert_allclose(codes[1990:], run.encode(dataset.pixels(dataset.train_images[1990:2000])), atol=1e-4)
    few = replace(dataset, read=lambda part: dataset.read(part)[:2005])
    assert len(neighbours.trained_on(run, few)) == 2000
