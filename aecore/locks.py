"""Locks between processes. The system drops a lock with the last process that has it, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aecore.errors import AecoreError
from aecore.roots import home

# Names the lock that this process inherited from the one that started it.
INHERITED = "AECORE_INHERITED_LOCK"


@contextmanager
def hold(name: str) -> Iterator[int]:
    """Hold the lock `name`; yields its file descriptor, which a child process can inherit.

    Raises `AecoreError` where another process holds it.
    """
    if inherited(name):
        yield -1
        return
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        if not _try_lock(file.fileno(), seconds=0.5):
            raise AecoreError(f"Another process is at work on '{name}'; wait for it or stop it.")
        yield file.fileno()


def inherited(name: str) -> bool:
    """Whether this process was started with the lock `name`."""
    return os.environ.get(INHERITED) == name


def held(name: str) -> bool:
    """Whether a process holds the lock `name`."""
    try:
        with _path(name).open("r+") as file:  # a look makes no file
            return not _try_lock(file.fileno(), seconds=0)
    except OSError:
        return False


def known(prefix: str) -> list[str]:
    """The names of locks that begin so and have ever been held here."""
    return [path.name.removesuffix(".lock") for path in (home() / "locks").glob(f"{prefix}*.lock")]


def _path(name: str) -> Path:
    return home() / "locks" / f"{name}.lock"


def _try_lock(descriptor: int, seconds: float) -> bool:
    """Take the lock, trying again for a while: someone who looks whether it is held holds it for an instant."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.01)
