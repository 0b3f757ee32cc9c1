"""The page's JavaScript, run by node; it must decode and encode as numpy does."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aecore import store
from aecore.javascript import join

sys.path.insert(0, str(Path(__file__).parents[2] / "app"))
from components.bundle import FOLDER

ROOT = Path(__file__).parents[2]
COMPONENTS = sorted(path.name for path in FOLDER.iterdir() if (path / f"{path.name}.js").exists())
NODE = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture
def cases(tmp_path):
    """For each shipped run: its weights file, a few inputs of each stack, and what numpy makes of them."""
    random = np.random.default_rng(0)
    found = []
    for run in store.runs():
        x = random.random((3, run.stacks["encoder"].layers[0].weight.shape[1]), np.float32)
        inputs = {name: run.codes[:3] if name == "decoder" else x for name in run.stacks}
        expected = {name: run.stacks[name](value) for name, value in inputs.items()}
        as_lists = [
            {name: np.asarray(value, float).tolist() for name, value in part.items()} for part in (inputs, expected)
        ]
        found.append({"file": str(run.path / "weights.safetensors"), "inputs": as_lists[0], "expected": as_lists[1]})
    assert found
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(found))
    return path


@NODE
def test_node_tests_pass(cases):
    files = sorted(str(path) for path in (ROOT / "tests" / "node").glob("*.mjs"))
    ended = subprocess.run(
        ["node", "--test", *files], env={**os.environ, "CASES": str(cases)}, capture_output=True, text=True, check=False
    )
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
