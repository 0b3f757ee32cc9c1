"""Work shared out among threads, each with torch to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_A = TypeVar("_A")
_B = TypeVar("_B")


class Threads:
    """`count` threads, this one among them, that share torch's own.

    Torch splits each operation over its threads, and small ones then cost more to hand out than to do;
    here whole forward and backward passes are handed out. Results come in the order of the items, so that
    what is made of them does not depend on who was first.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._each = max(1, torch.get_num_threads() // count)
        self._others = ThreadPoolExecutor(max(1, count - 1), "share", torch.set_num_threads, (self._each,))

    def map(self, function: Callable[[_A], _B], items: Sequence[_A]) -> list[_B]:
        """`function` of every item; thread k takes the items k, k + count, ..."""

        def share(first: int) -> list[_B]:
            return [function(item) for item in items[first :: self.count]]

        futures = [self._others.submit(share, first) for first in range(1, min(self.count, len(items)))]
        shares = [share(0), *(future.result() for future in futures)]
        return [shares[i % self.count][i // self.count] for i in range(len(items))]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Meanwhile torch splits its operations over this thread's share of its threads."""
        before = torch.get_num_threads()
        torch.set_num_threads(self._each)
        try:
            yield
        finally:
            torch.set_num_threads(before)
