#!/usr/bin/env bash
# umap-learn 0.5.12: of a start (`init`) one of whose columns is constant, a map is returned whose column is NaN.
#
# Guess: an array is taken as the start as it is, so that points on a line begin on that line.
# Seen: the start is moved and scaled column by column, each by its own extent, and a constant column is divided by 0. Its
# numbers become NaN, and the optimisation carries them through; all that is said is numpy's RuntimeWarning "invalid value
# encountered in divide". One-dimensional data laid out by their own numbers, or by PCA, have such a start. With the least
# noise in that column the map is finite.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q umap-learn==0.5.12 numba==0.68.1 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1 pynndescent==0.7.0

NUMBA_CACHE_DIR="$work/numba" "$work/venv/bin/python" - <<'PYTHON'
import sys
import warnings

import numpy as np
import umap

x = np.random.default_rng(0).standard_normal((60, 1)).astype(np.float32)
said = []


def mapped(init):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        points = umap.UMAP(n_neighbors=15, init=init, random_state=0, n_jobs=1).fit_transform(x)
    said.extend(str(one.message) for one in caught if "nan" in str(one.message).lower() or "divide" in str(one.message))
    return np.isfinite(points).all(axis=0).tolist()


noise = 1e-6 * np.random.default_rng(1).standard_normal((60, 1)).astype(np.float32)
seen = {"constant column": mapped(np.hstack([x, 0 * x])), "nearly constant": mapped(np.hstack([x, noise])), "said": said}
print(umap.__version__, seen)
expected = {"constant column": [True, False], "nearly constant": [True, True], "said": ["invalid value encountered in divide"]}
sys.exit(0 if seen == expected else "this has changed")
PYTHON
