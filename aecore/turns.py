"""The queue: one run or trial at a time trains in a store, and the others wait. All that is known is on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from aecore import locks
from aecore.draft import Draft, waiting
from aecore.errors import AecoreError

_TURN = "turn"  # the lock of whoever trains; the system drops it with its process, however that ends
_LOOK = 0.3  # seconds between looks


@contextmanager
def turn(draft: Draft) -> Iterator[bool]:
    """Wait in the queue, then hold the turn while the block trains; yields False where it was stopped before.

    Someone who asks for it "now" gets no turn, and trains beside whoever has it. The draft is this process's while
    it waits: raises `AecoreError` where it is another's.
    """
    with ExitStack() as stack:
        with draft.locked():
            if not locks.inherited(draft.run_id):  # or whoever started this process did it
                draft.forget_requests()
            join(draft)
            while not draft.requested("stop") and not draft.requested("now") and not _entered(draft, stack):
                time.sleep(_LOOK)
            draft.set_place(None)
            draft.request("now", False)
            stopped = draft.requested("stop")
            if stopped:
                draft.set_status("stopped", epoch=draft.last_epoch)
        yield not stopped


@contextmanager
def turn_if_free() -> Iterator[bool]:
    """Hold the turn while the block trains, so that the queue waits; yields False where another run has it."""
    with ExitStack() as stack:
        yield _taken(stack)


@contextmanager
def gap(ended: Callable[[], bool]) -> Iterator[None]:
    """Hold the turn while the block trains, once no run has it or waits for it; without it once `ended()`.

    It is for a search, whose trials train while no run does.
    """
    with ExitStack() as stack:
        while not ended() and (locks.held(_TURN) or queue() or not _taken(stack)):
            time.sleep(_LOOK)
        yield


def busy() -> bool:
    """Whether a process has the turn, or a run waits for it."""
    return locks.held(_TURN) or bool(queue())


def join(draft: Draft) -> None:
    """Go to the end of the queue; one that stands in it already keeps its place."""
    draft.begin()
    if draft.place is None:
        draft.set_place(time.time())
    draft.set_status("queued", epoch=draft.last_epoch)


def queue() -> list[Draft]:
    """The runs that wait, the next one first."""
    return [draft for _, draft in waiting() if _waits(draft)]


def go_first(draft: Draft) -> None:
    """Become the next one; does nothing for a run that does not wait."""
    line = queue()
    if draft.run_id in [other.run_id for other in line]:
        draft.set_place((line[0].place or time.time()) - 1)


def _waits(draft: Draft) -> bool:
    return draft.status().get("state") == "queued" and draft.alive


def _entered(draft: Draft, stack: ExitStack) -> bool:
    """Whether it was this run's turn, and `stack` holds it now.

    While another run has the turn, as it has nearly always, a look costs the same whatever number of runs wait.
    """
    if locks.held(_TURN):
        return False
    line = queue()
    return bool(line) and line[0].run_id == draft.run_id and _taken(stack)


def _taken(stack: ExitStack) -> bool:
    with suppress(AecoreError):
        stack.enter_context(locks.hold(_TURN))
        return True
    return False
