"""Two gloo processes that `torchrun` starts train as one does, and neither outlives the other."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from aecore import MODELS, datasets, make_config, store
from aecore.distributed import ALONE, Together
from aecore.draft import Draft

COMMON = {"dataset": "blobs", "latent_dim": 3, "epochs": 3, "batch_size": 64}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """203 smooth images: three whole batches for two processes, and a last one of seven for training's 183."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:10, :10]
    centres = random.uniform(2, 8, (203, 2, 1, 1))
    images = 255 * np.exp(-((rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2) / 6)
    np.save(folder / "blobs.npy", images.astype(np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AECORE_DATA", str(folder))
        datasets.load.cache_clear()
        datasets.add("blobs", folder / "blobs.npy")
        yield folder
    datasets.load.cache_clear()


def start(processes, home, family, hosts=(), **changes):
    options = [word for name, value in {**COMMON, **changes}.items() for word in (f"--{name.replace('_', '-')}", value)]
    torchrun = ["-m", "torch.distributed.run", *(hosts or ["--standalone"]), f"--nproc-per-node={processes}"]
    launch = torchrun if hosts or processes > 1 else []
    command = [sys.executable, *launch, "-m", "aecore", "train", family, "--no-maps", *map(str, options)]
    return subprocess.Popen(
        command,
        env={**os.environ, "AECORE_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def trained(processes, home, family, monkeypatch, **changes):
    """A run by so many processes."""
    process = start(processes, home, family, **changes)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    monkeypatch.setenv("AECORE_HOME", str(home))
    return store.load(make_config(family, **{**COMMON, **changes}).run_id)


@pytest.mark.parametrize(
    ("family", "tolerance"), [("ae", 1e-5), ("vae", 0.01), ("adversarial-ae", 0.01)], ids=["ae", "vae", "adversarial"]
)
def test_two_processes_have_the_loss_curve_of_one(family, tolerance, data, tmp_path, monkeypatch):
    """The AE draws no noise: its curve is the same but for rounding. The others draw their own in each process."""
    one, two = (trained(n, tmp_path / str(n), family, monkeypatch) for n in (1, 2))
    for name in ("train", "test"):
        curves = [[row[name]["loss"] for row in run.history()] for run in (one, two)]
        assert curves[1] == pytest.approx(curves[0], rel=tolerance)


def test_muon_and_the_cosine_schedule(data, tmp_path, monkeypatch):
    changes = {"optimiser": "muon", "schedule": "cosine"}
    one, two = (trained(n, tmp_path / str(n), "ae", monkeypatch, **changes) for n in (1, 2))
    assert two.evaluation["sse"] == pytest.approx(one.evaluation["sse"], rel=0.01)


def test_two_launchers_train_as_on_two_hosts_and_the_first_writes_the_run(data, tmp_path, monkeypatch):
    """README's command; each launcher has a home of its own, and both are on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hosts = [
        ["--nnodes=2", f"--node-rank={rank}", "--master-addr=127.0.0.1", f"--master-port={port}"] for rank in (0, 1)
    ]
    both = [start(1, tmp_path / str(rank), "ae", hosts[rank]) for rank in (1, 0)]  # the first one comes last
    told = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert not (tmp_path / "1" / "runs").exists()
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "0"))
    run = store.load(make_config("ae", **COMMON).run_id)
    one = trained(1, tmp_path / "one", "ae", monkeypatch)
    assert run.evaluation["sse"] == pytest.approx(one.evaluation["sse"], rel=1e-4)


_RANKS = """
import sys, numpy as np, torch
from safetensors.numpy import save_file
from aecore import make_config
from aecore.distributed import team
from aecore.models.base import build
from aecore.training import fit, generator_for
images = torch.randint(0, 256, (65, 36), dtype=torch.uint8, generator=generator_for(0))
config = make_config(sys.argv[1], latent_dim=2, hidden=(8,), epochs=2, batch_size=32)
with team() as whole:
    model = build(config, 36, generator_for(whole.rank))  # each begins elsewhere: the first one's weights count
    for epoch in fit(model, images, config, team=whole):
        pass
    save_file({name: value.numpy() for name, value in model.state_dict().items()}, f"{sys.argv[2]}/{whole.rank}")
"""


@pytest.mark.parametrize("family", [name for name, row in MODELS.items() if not {"epochs", "hidden"} & row.unused])
def test_weights_are_bitwise_equal_on_every_process(family, tmp_path):
    """65 images in batches of 32: in the last batch one process has nothing."""
    (tmp_path / "ranks.py").write_text(_RANKS)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(tmp_path / "ranks.py"), family, str(tmp_path)],
        capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, other = (load((tmp_path / str(rank)).read_bytes()) for rank in range(2))
    assert {name: value.tobytes() for name, value in one.items()} == {n: v.tobytes() for n, v in other.items()}
    assert all(np.isfinite(value).all() for value in one.values())


def _ranks(launcher):
    """The processes that a launcher has started, by rank."""
    found = {}
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        variables = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        found |= {int(line[5:]): int(child) for line in variables if line.startswith(b"RANK=")}
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_killed_process_ends_all_and_leaves_a_run_that_can_be_resumed(data, tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    draft = Draft(make_config("ae", **{**COMMON, "epochs": 3000}))
    process = start(2, tmp_path, "ae", epochs=3000)
    while not (draft.path / "snapshot.safetensors").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.kill(_ranks(process.pid)[1], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    sentences = [line for line in err.splitlines() if line.startswith("aecore: ")]
    assert len(sentences) == 1
    assert sentences[0].startswith("aecore: Another process of this training ended")
    assert store.find(draft.config) is None
    reached = draft.last_epoch
    assert reached >= 1
    assert draft.status()["state"] == "failed"
    resumed = subprocess.Popen([sys.executable, "-m", "aecore", "resume", draft.run_id], stdout=subprocess.DEVNULL)
    while draft.last_epoch < reached + 3:
        assert resumed.poll() is None
        time.sleep(0.05)
    resumed.kill()
    resumed.wait()
    assert [row["epoch"] for row in draft.history()][: reached + 3] == list(range(1, reached + 4))


def test_shares_cover_a_batch_and_their_weights_average_to_one():
    team = Together.__new__(Together)
    for count in (1, 2, 7, 64):
        parts = []
        for rank in range(3):
            team.rank, team.size = rank, 3
            parts.append(team.share(torch.arange(count)))
        assert torch.cat([part for part, weight in parts if weight]).tolist() == list(range(count))
        assert sum(weight for _, weight in parts) == pytest.approx(3)
        assert all(len(part) for part, _ in parts)
    assert ALONE.share(torch.arange(3))[1] == 1.0
    assert json.loads(json.dumps(ALONE.agreed({"a": 1}))) == {"a": 1}
