"""How threads that torch shares work with wait for it. Import it before torch, which reads this once."""

from __future__ import annotations

import os

# A training step is hundreds of small pieces of work. Threads that sleep between them cost more to wake than the
# pieces take; threads that spin for long slow every other process. So they spin for less than a tenth of a
# millisecond (GNU's OpenMP, a count of turns), or not at all (the others).
for _name, _value in {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "20000"}.items():
    os.environ.setdefault(_name, _value)
