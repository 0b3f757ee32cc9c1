"""How the threads that torch shares work with wait for it. Import it before torch, which reads this once.

A training step is hundreds of small pieces of work. Threads that sleep between them take longer to wake than the pieces
take; threads that spin are fast alone, but beside a busy process the scheduler takes their cores away for milliseconds
at a time, and each piece waits for its last thread. So they spin for a tenth of a millisecond, and `Courtesy` lets
them sleep while others want the cores. What is computed does not depend on it.
"""

from __future__ import annotations

import os
import sys
import threading
import time

# GNU's OpenMP reads both, and spins for so many turns, whatever the policy; others know the first, and sleep at once.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

_LOOK = 0.1  # seconds between looks


class Courtesy:
    """While steps run that `threads` threads share: `look`, between them, sees whether others want the cores.

    OpenMP's threads spin less while there are more of them than cores: a second, idle team makes it so.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads if sys.platform == "linux" else 1
        self.crowd = False  # others wanted the cores at the last look
        self.end: threading.Event | None = None  # the idle team's

    def __enter__(self) -> Courtesy:
        self.seen = _usage()
        self._act()
        return self

    def __exit__(self, *_: object) -> None:
        self._spin()

    def look(self) -> None:
        """To be called between steps."""
        if self.threads == 1 or time.monotonic() - self.seen[0] < _LOOK:
            return
        before, self.seen = self.seen, _usage()
        seconds, ran, gave_way = (now - then for now, then in zip(self.seen, before, strict=True))
        self.crowd = crowded(self.end is not None, ran / seconds / self.threads, gave_way / seconds)
        self._act()

    def _act(self) -> None:
        if self.crowd and not self.end:
            self.end, there = threading.Event(), threading.Event()
            threading.Thread(target=_idle_team, args=(there, self.end), daemon=True).start()
            there.wait()
        elif not self.crowd:
            self._spin()

    def _spin(self) -> None:
        if self.end:
            self.end.set()
        self.end = None


def crowded(sleeping: bool, share: float, preempted: float) -> bool:
    """Whether others want the cores: from the share of the threads' time that they ran, and how often a second one of
    them had to give way. Threads that spin run always when they are alone; those that sleep never have to give way.
    """
    return preempted > 1000 if sleeping else share < 0.75 and preempted > 50


def _idle_team(there: threading.Event, end: threading.Event) -> None:
    """As many OpenMP threads as there are cores, which have nothing to do until the end."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    torch.zeros(1_000_000).add_(1)  # shared out: that makes the team
    there.set()
    end.wait()


def _usage() -> tuple[float, float, float]:
    """Now, in seconds; the processor time that this process has had; how often its threads had to give way."""
    if sys.platform != "linux":
        return time.monotonic(), 0.0, 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime, used.ru_nivcsw
