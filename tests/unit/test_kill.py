"""Kill -9 at the worst moments: `aecore train --resume` ends with the weights of an uninterrupted run, to the bit."""

import signal
import subprocess
import sys

import pytest

from aecore import AecoreError, RunConfig, load_or_train, store
from aecore.__main__ import main

# The process kills itself when `target` is called for the `nth` time: before it, in its midst, or after it.
CHILD = """
import os, signal, sys
from importlib import import_module
from aecore.__main__ import main
module, _, path = sys.argv[1].partition(":")
owner, name = import_module(module), path
if "." in path:
    first, name = path.split(".")
    owner = getattr(owner, first)
call, calls = getattr(owner, name), iter(range(1, 10**6))
def deadly(*arguments, **named):
    if next(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return call(*arguments, **named)
setattr(owner, name, deadly)
sys.exit(main(sys.argv[3:]))
"""
SMALL = ["--train-images", "400", "--batch-size", "100", "--hidden", "16", "--latent-dim", "3", "--epochs", "4"]


COMMAND = ["train", "vae", *SMALL, "--no-maps"]
CONFIG = RunConfig("vae", train_images=400, batch_size=100, hidden=(16,), latent_dim=3, epochs=4)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run of an uninterrupted training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AECORE_HOME", str(tmp_path_factory.mktemp("whole")))
        return load_or_train(CONFIG)


@pytest.mark.parametrize(
    ("target", "nth"),
    [
        ("aecore.training:_Loop._step", 6),  # in the second epoch
        ("aecore.draft:Draft.append", 2),  # the picture is there, the row is not
        ("aecore.draft:Draft.save_snapshot", 3),  # the row is there, the snapshot is not
        ("pathlib:Path.replace", 5),  # a file is written but does not bear its name yet
        ("aecore.draft:Draft.publish", 1),
        ("pathlib:Path.rename", 1),  # all is written, and the folder not moved
    ],
)
def test_a_killed_run_resumes_to_the_same_weights(target, nth, whole, tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "killed"))
    killed = subprocess.run([sys.executable, "-c", CHILD, target, str(nth), *COMMAND], check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(AecoreError, match="no run"):
        store.load(CONFIG.run_id)
    assert main([*COMMAND, "--resume"]) == 0
    resumed = store.load(CONFIG.run_id)
    assert resumed.weights() == whole.weights()
    assert [row["test"] for row in resumed.history()] == [row["test"] for row in whole.history()]
    assert resumed.grid(2).read_bytes() == whole.grid(2).read_bytes()
