"""How the threads that torch shares work with wait for it. Import it before torch, which reads this once.

A training step is hundreds of small pieces of work. Threads that sleep between them take longer to wake than the pieces
take; threads that spin are fast alone, but beside a busy process the scheduler takes their cores away for milliseconds
at a time, and each piece waits for its last thread. So they spin for a tenth of a millisecond, and `courteous` lets
them sleep while others want the cores. What is computed does not depend on it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# GNU's OpenMP reads both, and spins for so many turns; others know the first, and sleep at once.
for _name, _value in {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "20000"}.items():
    os.environ.setdefault(_name, _value)

_LOOK = 0.1  # seconds between looks


@contextmanager
def courteous(threads: int) -> Iterator[Callable[[], None]]:
    """What to call between steps that `threads` threads share: it looks whether others want the cores."""
    if threads == 1 or sys.platform != "linux":
        yield lambda: None
        return
    courtesy = _Courtesy(threads)
    try:
        yield courtesy.look
    finally:
        courtesy.spin()


def crowded(sleeping: bool, share: float, preempted: float) -> bool:
    """Whether others want the cores: from the share of the threads' time that they ran, and how often a second one of
    them had to give way. Threads that spin run always when they are alone; those that sleep never have to give way.
    """
    return preempted > 1000 if sleeping else share < 0.75 and preempted > 50


class _Courtesy:
    """OpenMP's threads spin less while there are more of them than cores: a second, idle team makes it so."""

    def __init__(self, threads: int) -> None:
        self.threads, self.end, self.seen = threads, threading.Event(), _usage()
        self.end.set()

    def look(self) -> None:
        if time.monotonic() - self.seen[0] < _LOOK:
            return
        before, self.seen = self.seen, _usage()
        seconds, ran, gave_way = (now - then for now, then in zip(self.seen, before, strict=True))
        sleeping = not self.end.is_set()
        if crowded(sleeping, ran / seconds / self.threads, gave_way / seconds) != sleeping:
            (self.spin if sleeping else self.sleep)()

    def sleep(self) -> None:
        there, self.end = threading.Event(), threading.Event()
        threading.Thread(target=_idle_team, args=(there, self.end), daemon=True).start()
        there.wait()

    def spin(self) -> None:
        self.end.set()


def _idle_team(there: threading.Event, end: threading.Event) -> None:
    """As many OpenMP threads as there are cores, which have nothing to do until the end."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    torch.zeros(1_000_000).add_(1)  # shared out: that makes the team
    there.set()
    end.wait()


def _usage() -> tuple[float, float, float]:
    """Now, in seconds; the processor time that this process has had; how often its threads had to give way."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime, used.ru_nivcsw
