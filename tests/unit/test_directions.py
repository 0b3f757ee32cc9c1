"""Directions through code space."""

import numpy as np
import pytest

from aecore import AecoreError, directions, projection
from aecore.directions import Direction


@pytest.fixture
def codes():
    """Long along (1, 1, 0), less so along (1, -1, 0), flat along z2."""
    random = np.random.default_rng(0)
    axes = np.array([[1, 1, 0], [1, -1, 0], [0, 0, 1]], np.float32) / np.sqrt([[2], [2], [1]], dtype=np.float32)
    return (random.standard_normal((4000, 3)) * [5, 2, 0.1] @ axes + [1, -2, 3]).astype(np.float32)


def test_principal_directions_are_orthonormal_and_in_order_of_variance(codes):
    found = directions.principal(codes)
    vectors = np.stack([one.vector for one in found])
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(vectors[0], [0.707, 0.707, 0], atol=0.02)
    places = np.stack([one.along(codes) for one in found])
    np.testing.assert_allclose(places.std(axis=1), [5, 2, 0.1], rtol=0.05)
    np.testing.assert_allclose(np.cov(places), np.diag(places.var(axis=1)), atol=1e-2)
    np.testing.assert_allclose(places.mean(axis=1), 0, atol=1e-4)


def test_the_order_of_the_codes_does_not_turn_a_direction(codes):
    for one, other in zip(directions.principal(codes), directions.principal(codes[::-1].copy()), strict=True):
        np.testing.assert_allclose(one.vector, other.vector, atol=1e-5)
    assert all(one.vector[np.abs(one.vector).argmax()] > 0 for one in directions.principal(codes))


def test_the_maps_plane_is_the_first_two(codes):
    found, plane = directions.principal(codes), projection.plane(codes)
    np.testing.assert_array_equal(plane.axes, [found[0].vector, found[1].vector])
    np.testing.assert_array_equal(plane.mean, found[0].origin)


def test_a_move_changes_the_place_along_its_direction_and_no_other(codes):
    first, *others = directions.principal(codes)
    moved = first.move(codes[7], [-1.5, 0, 4])
    np.testing.assert_allclose(first.along(moved), [-1.5, 0, 4], atol=1e-5)
    for other in others:
        np.testing.assert_allclose(other.along(moved), other.along(codes[7:8])[0], atol=1e-5)
    assert (moved[2] != codes[7])[:2].all()


def test_an_attribute_leads_from_the_mean_of_b_to_that_of_a(codes):
    a, b = range(10), range(50, 90)
    found = directions.attribute(codes, a, b)
    means = np.stack([codes[list(b)].mean(0), codes[list(a)].mean(0)])
    np.testing.assert_allclose(found.origin + found.vector, means[1], atol=1e-5)
    np.testing.assert_allclose(found.along(means), [0, 1], atol=1e-5)
    z = codes[100]
    np.testing.assert_allclose(found.move(z, found.along(z[None]) + 2)[0], z + 2 * (means[1] - means[0]), atol=1e-4)
    back = directions.attribute(codes, b, a)
    np.testing.assert_allclose(back.vector, -found.vector, atol=1e-6)


def test_without_b_it_leads_from_all_the_rest(codes):
    a = np.arange(3000)
    found, expected = directions.attribute(codes, a), directions.attribute(codes, a, range(3000, 4000))
    np.testing.assert_array_equal(found.vector, expected.vector)


def test_bad_groups_are_explained(codes):
    with pytest.raises(AecoreError, match="at least one code"):
        directions.attribute(codes, [], [1])
    with pytest.raises(AecoreError, match="at least one code"):
        directions.attribute(codes, range(len(codes)))
    with pytest.raises(AecoreError, match="0 to 3999"):
        directions.attribute(codes, [4000], [1])
    with pytest.raises(AecoreError, match="0 to 3999"):
        directions.attribute(codes, [-1], [1])
    with pytest.raises(AecoreError, match="same mean"):
        directions.attribute(codes, [1, 2], [2, 1])
    with pytest.raises(AecoreError, match="not finite"):
        Direction(codes[0], codes[1]).along(np.full((1, 3), np.nan, np.float32))
