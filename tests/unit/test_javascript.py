"""The page's JavaScript, run by node; it must decode and encode as numpy does."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import AecoreError, datasets, directions, latents, space, store
from aecore.javascript import join
from aecore.plausible import aggregate, fit_cloud, prior_share

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))
from components.bundle import FOLDER

ROOT = Path(__file__).parents[2]
COMPONENTS = sorted(path.name for path in FOLDER.iterdir() if (path / f"{path.name}.js").exists())
NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def at_hand(run):
    """Whether the run's data are on this machine."""
    try:
        return len(datasets.load(run.config.dataset).test_labels) > 0
    except AecoreError:
        return False


def gauge(run):
    """A run's cloud; codes near its mean, of test images, and far out; and what numpy says of them."""
    cloud = fit_cloud(aggregate(run))
    mean, codes = cloud.mean.astype(np.float32), run.codes[:3]
    z = np.concatenate([mean + (codes - mean) * np.float32(scale) for scale in (0.3, 1, 2, 6)])
    return {"cloud": space.cloud(run)[0], "z": z.tolist(), "share": cloud.share(z).tolist(),
            "outside": cloud.outside(z).tolist(), "prior": prior_share(z).tolist()}  # fmt: skip


def ways(a, b):
    """Steps between two codes, and past them."""
    t = [-0.5, 0, 0.3, 1]
    return {"a": a.tolist(), "b": b.tolist(), "t": t,
            "lerp": latents.lerp(a, b, t).tolist(), "slerp": latents.slerp(a, b, t).tolist()}  # fmt: skip


def lines(codes):
    """Codes moved along principal directions, and the direction from some codes to others, or to all the rest."""
    random = np.random.default_rng(2)
    a, b = random.permutation(len(codes))[:150].reshape(2, -1)[:, :70].tolist()
    principal = directions.principal(codes)
    attributes = [(rest, directions.attribute(codes, a, rest)) for rest in (b, None)]
    return {
        "codes": codes.tolist(),
        "mean": principal[0].origin.tolist(),
        "principal": [
            {"vector": one.vector.tolist(), "places": one.along(codes[:5]).tolist(),
             "moved": one.move(codes[0], [-1, 2]).tolist()}
            for one in principal
        ],
        "attributes": [
            {"a": a, "b": b if rest else sorted({*range(len(codes))} - {*a}), "origin": one.origin.tolist(),
             "vector": one.vector.tolist(), "ends": directions.worth_walking(one, codes)}
            for rest, one in attributes
        ],
    }  # fmt: skip


@pytest.fixture
def cases(tmp_path):
    """For each shipped run whose data are here: its weights, inputs of each stack, and what numpy makes of them."""
    random = np.random.default_rng(0)
    found = []
    for run in filter(at_hand, store.runs()):
        x = random.random((3, run.stacks["encoder"].layers[0].weight.shape[1]), np.float32)
        inputs = {name: run.codes[:3] if name == "decoder" else x for name in run.stacks}
        expected = {name: run.stacks[name](value) for name, value in inputs.items()}
        as_lists = [
            {name: np.asarray(value, float).tolist() for name, value in part.items()} for part in (inputs, expected)
        ]
        found.append({"file": str(run.path / "weights.safetensors"), "inputs": as_lists[0], "expected": as_lists[1],
                      "gauge": gauge(run), "ways": ways(*run.codes[:2]),
                      "lines": lines(run.codes[:1000])})  # fmt: skip
    assert found
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(found))
    return path


@pytest.fixture
def pictures(tmp_path):
    """What Pillow makes of pictures, digits to find again, and what numpy makes of a drawing."""
    random = np.random.default_rng(1)
    resized = [
        _resized(random.random((height, width), np.float32), region, size)
        for height, width, region, size in [
            (300, 400, (0, 0, 400, 300), (28, 28)),
            (300, 400, (50.5, 20.25, 250.5, 220.25), (25, 25)),
            (31, 40, (3, 2, 31.7, 30.1), (28, 28)),
            (28, 28, (0, 0, 28, 28), (28, 28)),
            (5, 4, (0, 0, 4, 5), (28, 35)),
        ]
    ]
    drawing = np.clip(random.normal(60, 90, 784), 0, 255).astype(np.uint8)
    drawn = [
        {"file": str(run.path / "weights.safetensors"), "span": list(data.span), "bytes": drawing.tolist(),
         "code": run.encode(data.pixels(drawing.reshape(1, 28, 28)))[0].tolist()}
        for run in store.runs()
        if (data := datasets.load("fashion_mnist")).name == run.config.dataset
    ]  # fmt: skip
    path = tmp_path / "pictures.json"
    path.write_text(json.dumps({"resized": resized, "digits": [_moved(digit) for digit in DIGITS], "drawn": drawn}))
    return path


def _resized(grey, region, size):
    """A picture, and a part of it as Pillow's `resize` makes it with its triangle filter."""
    expected = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR, box=region))
    height, width = grey.shape
    return {"grey": grey.ravel().tolist(), "width": width, "height": height, "size": list(size),
            "region": dict(zip(("left", "top", "right", "bottom"), region, strict=True)),
            "expected": expected.ravel().tolist()}  # fmt: skip


# Two digits, drawn with a pen of 20 x 20 pixels' field: a seven and a lopsided six.
DIGITS = ([(5, 5, 20, 5), (20, 5, 12, 22)], [(14, 4, 8, 14), (8, 14, 10, 22), (10, 22, 18, 20), (18, 20, 9, 15)])


def _moved(lines):
    """A digit as MNIST would hold it, and the same one large, off the middle, dark on white."""
    digit = np.zeros((280, 280), np.float32)
    y, x = np.mgrid[:280, :280] / 10
    for x0, y0, x1, y1 in lines:
        along = np.array([x1 - x0, y1 - y0])
        t = np.clip(((x - x0) * along[0] + (y - y0) * along[1]) / (along @ along), 0, 1)
        digit = np.maximum(digit, np.clip(1.5 - np.hypot(x - x0 - t * along[0], y - y0 - t * along[1]), 0, 1))
    paper = np.ones((500, 640), np.float32)
    paper[40:320, 200:480] -= digit * np.float32(0.8)
    rows, columns = np.nonzero(digit > 0.1)
    scale = 20 / max(np.ptp(rows) + 1, np.ptp(columns) + 1)
    at = [float((axis * digit).sum() / digit.sum()) * 10 + 0.5 for axis in (x, y)]
    half = 14 / scale
    padded = np.pad(digit, 300)
    box = [300 + at[0] - half, 300 + at[1] - half, 300 + at[0] + half, 300 + at[1] + half]
    expected = np.asarray(Image.fromarray(padded).resize((28, 28), Image.Resampling.BILINEAR, box=box))
    return {"grey": paper.ravel().tolist(), "width": 640, "height": 500, "expected": expected.ravel().tolist()}


@NODE
def test_node_tests_pass(cases, pictures):
    files = sorted(str(path) for path in (ROOT / "tests" / "node").glob("*.mjs"))
    ended = subprocess.run(
        ["node", "--test", *files],
        env={**os.environ, "CASES": str(cases), "PICTURES": str(pictures)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert "# skipped 0" in ended.stdout


@NODE
@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_joins_into_one_module(name, tmp_path):
    module = tmp_path / f"{name}.mjs"
    module.write_text(join(FOLDER / name / f"{name}.js"), "utf-8")
    script = f"console.log(typeof (await import('{module.as_uri()}')).default)"
    ended = subprocess.run(
        ["node", "--input-type=module", "--eval", script], capture_output=True, text=True, check=False
    )
    assert ended.stdout.strip() == "function", ended.stderr  # two things of one name are a syntax error
