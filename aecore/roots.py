"""The two folders that hold runs: those that come with the project, and the user's own home."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

RUNS, TRAINING, ASIDE = (
    "runs",
    "training",
    "aside",
)  # folders of the home: finished, unfinished, and moved out of the way


def home() -> Path:
    """The folder of a user's own runs: `$AECORE_HOME`, or the platform's user data folder."""
    named = os.environ.get("AECORE_HOME")
    return Path(named).expanduser() if named else user_data_path("aecore", appauthor=False)


def shipped() -> Path:
    """The folder of the runs that come with the project; it may be absent."""
    return Path(__file__).resolve().parent.parent / "checkpoints"
