"""JSON that every reader takes."""

import json
import math

import pytest

from aecore.files import json_text


def test_numbers_that_json_has_no_word_for_are_null():
    value = {"a": [1.5, math.nan, (math.inf, -math.inf)], "b": {"c": math.nan, "d": None}, "e": "NaN", "f": True}
    told = json.loads(json_text(value), parse_constant=pytest.fail)
    assert told == {"a": [1.5, None, [None, None]], "b": {"c": None, "d": None}, "e": "NaN", "f": True}
    assert json_text({"a": 1}, indent=1) == '{\n "a": 1\n}'
