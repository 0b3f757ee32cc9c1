"""Kills trainings of every family with SIGKILL at random moments: `python tests/bench/kill.py [KILLS]`, by default 105.

A run is killed again and again until it ends; it then has to be that of an uninterrupted training, bit for bit:
weights, codes, losses, and every picture and map of its epochs. Children are forked from a process that has loaded
torch and has started none of its threads, so that a kill falls on training rather than on imports.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from aecore import experiment, make_config, store  # noqa: F401 - torch is loaded before the forks
from aecore.__main__ import main
from aecore.config import RunConfig
from aecore.families import MODELS

SIZES = {"train_images": 400, "latent_dim": 3, "seed": 5}
TRAINED = {"epochs": 4, "batch_size": 100}


def config_of(family: str) -> RunConfig:
    """A small run of the family."""
    unused = MODELS[family].unused
    trained = {name: value for name, value in TRAINED.items() if name not in unused}
    hidden = {} if "hidden" in unused else {"hidden": (16,)}
    return make_config(family, **SIZES, **trained, **hidden)


def command(config: RunConfig) -> list[str]:
    """The command line that trains it."""
    words = ["train", config.family, "--no-maps"]
    for name in (*SIZES, *TRAINED, "hidden"):
        if name not in MODELS[config.family].unused:
            value = getattr(config, name)
            words += [f"--{name.replace('_', '-')}", ",".join(map(str, value)) if name == "hidden" else str(value)]
    return words


def child(words: list[str]) -> int:
    """Fork a training; its process id."""
    pid = os.fork()
    if pid == 0:
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):  # noqa: PTH123
            os._exit(main(words))
    return pid


def content(config: RunConfig) -> dict[str, bytes | list[object]]:
    """What has to be the same: every file of the run but its record, and of the history what is no time."""
    run = store.load(config.run_id)
    files = {str(path.relative_to(run.path)): path.read_bytes() for path in run.path.rglob("*.*")}
    del files["run.json"], files[store.HISTORY]
    return {**files, "losses": [{**row, "seconds": 0} for row in run.history()]}


def killed_until_done(config: RunConfig, whole: float, dice: random.Random) -> int:
    """Train the config, killed at random moments of `whole` seconds, until a training ends by itself; the kills."""
    kills = 0
    while True:
        pid = child(command(config))
        status = ended(pid, dice.uniform(0, whole))
        if status is not None:
            assert os.waitstatus_to_exitcode(status) == 0, f"{config.run_id}: {status}"
            return kills
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        kills += 1


def ended(pid: int, seconds: float) -> int | None:
    """The wait status of a child that ends within the time, or None."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        time.sleep(0.001)
    return None


def bench(wanted: int) -> None:
    """Kill, resume and compare, until there have been `wanted` kills."""
    dice, kills, trainings = random.Random(0), 0, 0
    with tempfile.TemporaryDirectory() as home:
        goal: dict[str, tuple[dict[str, bytes | list[object]], float]] = {}
        while kills < wanted:
            for family in MODELS:
                config = config_of(family)
                if family not in goal:
                    os.environ["AECORE_HOME"] = str(Path(home, "whole"))
                    began = time.perf_counter()
                    os.waitpid(child(command(config)), 0)
                    goal[family] = content(config), time.perf_counter() - began
                os.environ["AECORE_HOME"] = str(Path(home, str(trainings)))
                expected, whole = goal[family]
                kills += killed_until_done(config, 1.1 * whole, dice)
                trainings += 1
                assert content(config) == expected, f"{config.run_id} differs after it was killed"
                left = [path.name for path in (Path(home, str(trainings - 1)) / "runs").iterdir()]
                assert left == [config.run_id], left
    print(f"{kills} kills in {trainings} trainings of {len(goal)} families; all ended bit for bit the same")


if __name__ == "__main__":
    bench(int(sys.argv[1]) if len(sys.argv) > 1 else 105)
