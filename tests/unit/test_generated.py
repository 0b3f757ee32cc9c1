"""A tenth of the generated suite, or with AECORE_GENERATED=all the whole: no traceback reaches a person."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

import generated

STEP = 1 if os.environ.get("AECORE_GENERATED") == "all" else 10


@pytest.mark.parametrize("group", generated.COUNTS)
def test_every_case_ends_well_or_in_one_sentence(group):
    ended = list(generated.outcomes(group, STEP))
    assert [f"{one.name}: {one.text}: {one.fault}" for one in ended if one.fault] == []
    assert len(ended) == generated.COUNTS[group] // STEP
    assert any(one.said for one in ended)


def test_a_case_comes_from_its_number_alone():
    with generated.place() as where:
        assert generated.command_line(3, where) == generated.command_line(3, where)
        assert len({" ".join(generated.command_line(number, where)) for number in range(100)}) > 90
