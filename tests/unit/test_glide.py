"""The maps of epochs: planes that turn as little as they can, and the walk across them."""

import numpy as np
import pytest

from aecore import glide
from aecore.projection import Plane, plane


@pytest.fixture
def codes():
    random = np.random.default_rng(0)
    return (random.standard_normal((300, 5)) * [5, 4, 1, 0.5, 0.1] + 2).astype(np.float32)


def rotation(angle, mirrored=False):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]], np.float32) @ np.diag([1, -1 if mirrored else 1]).astype(np.float32)


@pytest.mark.parametrize("angle", [0.3, 2.0, -1.5])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turn_of_the_whole_map_is_undone(codes, angle, mirrored):
    """However the axes stand, and whatever the earlier map's scale."""
    flat = glide.flatten(codes, plane(codes))
    before = 0.3 * flat @ rotation(angle, mirrored)
    np.testing.assert_allclose(0.3 * glide.flatten(codes, glide.epoch_plane(codes, before)), before, atol=1e-4)


def test_no_turn_brings_the_points_nearer(codes):
    before = glide.flatten(codes, plane(codes)) + np.random.default_rng(1).standard_normal((300, 2))
    found = plane(codes)
    least = np.square(glide.flatten(codes, glide.turned(found, codes, before)) - before).sum()
    for angle in np.linspace(0, 6.28, 50):
        for mirrored in (False, True):
            other = Plane(found.mean, rotation(angle, mirrored) @ found.axes)
            assert least <= np.square(glide.flatten(codes, other) - before).sum() * (1 + 1e-6)


def test_the_plane_stays_the_one_of_largest_variance(codes):
    axes = glide.epoch_plane(codes, np.random.default_rng(1).standard_normal((300, 2))).axes
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(axes.T @ axes, plane(codes).axes.T @ plane(codes).axes, atol=1e-6)


def test_the_first_epoch_has_nothing_to_turn_to(codes):
    for before in (None, np.zeros((3, 2), np.float16)):
        np.testing.assert_array_equal(glide.epoch_plane(codes, before).axes, plane(codes).axes)


def test_codes_of_one_dimension_lie_on_a_line():
    codes = np.arange(9, dtype=np.float32)[:, None]
    first = glide.flatten(codes, glide.epoch_plane(codes, None))
    again = glide.flatten(codes, glide.epoch_plane(codes + 5, -first))
    np.testing.assert_allclose(again[:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(np.diff(again[:, 0]), np.diff(-first[:, 0]), atol=1e-6)


def test_a_walk_crosses_the_map_on_the_level_of_its_code(codes):
    found = plane(codes)
    points = glide.flatten(codes, found)
    walk = glide.walk(codes[7], found, points)
    path = glide.flatten(walk, found)
    np.testing.assert_allclose(path[:, 1], points[7, 1], atol=1e-5)
    np.testing.assert_allclose(path[[0, -1], 0], [points[:, 0].min(), points[:, 0].max()], atol=1e-5)
    off = walk - codes[7]
    np.testing.assert_allclose(off - off @ found.axes[:1].T @ found.axes[:1], 0, atol=1e-5)  # along the axis alone
