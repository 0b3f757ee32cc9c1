"""The chart of PCA's curve, where lines meet it and where they do not."""

import charts
import numpy as np
import pytest
from charts import Match


def lines(curve, *matches):
    """Each model's line, (x, y)."""
    figure = charts.pca_curve(np.asarray(curve, float), matches)
    assert "NaN" not in figure.to_json() and "Infinity" not in figure.to_json()
    return figure, [(list(line.x), list(line.y)) for line in figure.data[1:]]


def test_a_model_that_pca_meets_stands_on_its_number_of_components():
    _, (line,) = lines([9, 5, 3, 1], Match("AE", 3.0, 2))
    assert line == ([1, 2, 2], [3, 3, 0])


@pytest.mark.parametrize("components", [0, None])
def test_a_model_that_it_does_not_meet_is_a_level(components):
    _, (line, other) = lines([9, 5, 3, 1], Match("AE", 0.5, components), Match("VAE", 3.0, 2))
    assert line == ([1, 3], [0.5, 0.5])
    assert other[0] == [1, 2, 2]


def test_a_curve_of_one_component_is_a_mark():
    figure, _ = lines([9, 5], Match("AE", 12.0, 0))
    assert figure.data[0].mode == "markers"
    low, high = figure.layout.xaxis.range
    assert low < high
