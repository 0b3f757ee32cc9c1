"""Downloads from the Export popover, as a person takes them."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image

from aecore import make_config, store


def test_the_code_in_hand_and_a_walk_from_it(explore):
    run = next(run for run in store.runs() if run.config == make_config("ae"))
    page = explore(f"?run={run.run_id}&start=test-3")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as json_file:
        page.get_by_role("button", name="Code, as JSON").click()
    told = json.loads(json_file.value.path().read_text())
    assert json_file.value.suggested_filename == f"{run.run_id}.json"
    np.testing.assert_array_equal(np.float32(told["z"]), run.codes[3])
    with page.expect_download() as gif_file:
        page.get_by_role("button", name="Walk, as GIF").click()
    with Image.open(io.BytesIO(gif_file.value.path().read_bytes())) as image:
        assert image.size == (224, 224)
        assert image.n_frames > 10


def test_axe_finds_nothing_in_the_popover(explore, violations, overflow, phone):
    for context in ({"color_scheme": "dark"}, phone):
        page = explore("", **context)
        page.get_by_role("button", name="Export").click()
        page.get_by_role("button", name="Code, as JSON").wait_for()
        assert violations(page) == []
        assert overflow(page) <= 0
