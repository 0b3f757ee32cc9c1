"""What the epoch scrubber is given: packed grids and curves. (`tests/node` unpacks chunks.)"""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
import scrubber

from aecore import AecoreError, grids, make_config, store
from aecore.draft import Draft

GRIDS = store.RECONSTRUCTIONS


def _grids(draft, epochs):
    sheets = np.random.default_rng(0).integers(0, 256, (len(epochs), 20, 30), np.uint8)
    for sheet, epoch in zip(sheets, epochs, strict=True):
        draft.save_grid(epoch, GRIDS, grids.png(sheet))
    return sheets


def test_a_packed_chunk_holds_every_pixel(draft):
    sheets = _grids(draft, (11, 12, 15))
    header, _, deflated = scrubber.pack(draft, GRIDS, (11, 12, 15)).blob.partition(b"\n")
    assert json.loads(header) == {"epochs": [11, 12, 15], "height": 20, "width": 30}
    deltas = np.frombuffer(zlib.decompress(deflated), np.uint8).reshape(3, 20, 30)
    np.testing.assert_array_equal(np.cumsum(deltas, axis=0, dtype=np.uint8), sheets)


def test_a_stored_run_packs_smaller_than_its_pngs():
    run = next(run for run in store.runs() if run.config.family == "ae")
    number, epochs = list(scrubber.chunks(run.epochs()).items())[-1]
    paths = [run.grid(epoch) for epoch in epochs]
    packed = scrubber.pack(run, GRIDS, epochs).blob
    assert (number, len(epochs)) == (9, 10)
    assert len(packed) < 0.6 * sum(path.stat().st_size for path in paths)


def test_chunks_are_tens_of_epochs():
    assert scrubber.chunks(range(1, 24)) == {0: (*range(1, 11),), 1: (*range(11, 21),), 2: (21, 22, 23)}
    assert scrubber.chunks([0]) == {0: (0,)}


def test_the_newest_epochs_come_first_in_turn():
    lists = [[(1, 2), (11,)], [(1, 2), (11, 12), (21,)], []]
    assert [*scrubber.newest_first(lists)] == [(0, (11,)), (1, (21,)), (0, (1, 2)), (1, (11, 12)), (1, (1, 2))]


@pytest.fixture
def draft(home):
    return Draft(make_config("ae", latent_dim=3))


@pytest.mark.parametrize("labelled", [True, False])
def test_packed_maps_hold_every_point_and_its_class(draft, labelled):
    random = np.random.default_rng(0)
    maps = random.standard_normal((2, 30, 2)).astype(np.float16)
    for epoch, points in zip((4, 5), maps, strict=True):
        draft.save_points(epoch, points)
    labels = random.integers(0, 10, 50).astype(np.uint8)
    header, _, deflated = scrubber.pack_points(draft, (4, 5), labels if labelled else None).blob.partition(b"\n")
    assert json.loads(header) == {"epochs": [4, 5], "count": 30}
    payload = zlib.decompress(deflated)
    np.testing.assert_array_equal(np.frombuffer(payload[:30], np.uint8), labels[:30] if labelled else 0)
    np.testing.assert_array_equal(np.frombuffer(payload[30:], "<f2").reshape(2, 30, 2), maps)


def test_a_missing_map_is_named(draft):
    with pytest.raises(AecoreError, match=r"0007-points\.npy is missing or damaged"):
        scrubber.pack_points(draft, (7,), None)


def test_a_damaged_grid_is_named(draft):
    draft.save_grid(1, GRIDS, b"no png")
    with pytest.raises(AecoreError, match=r"0001\.png is missing or damaged"):
        scrubber.pack(draft, GRIDS, (1,))


def test_a_damaged_epoch_is_left_out_and_named(draft):
    sheets = _grids(draft, (1, 2, 3, 4))
    draft.save_grid(2, GRIDS, grids.png(sheets[1])[:90])
    draft.save_grid(3, GRIDS, grids.png(sheets[2][:10]))
    packed = scrubber.pack(draft, GRIDS, (1, 2, 3, 4))
    assert json.loads(packed.blob.partition(b"\n")[0])["epochs"] == [1, 4]
    assert [problem.partition(" is missing")[0] for problem in packed.problems] == [
        str(draft.grid(epoch)) for epoch in (2, 3)
    ]
    draft.save_points(1, np.zeros((5, 2)))
    draft.save_points(2, np.full((5, 2), np.nan))
    draft.save_points(3, np.zeros((4, 2)))
    assert len(scrubber.pack_points(draft, (1, 2, 3), None).problems) == 2


def test_curves_are_columns_of_the_history():
    run = next(run for run in store.runs() if run.config.family == "vae")
    described = scrubber.describe(run)
    last = run.history()[-1]
    assert described["epochs"] == [*range(1, 101)] and described["grids"].keys() >= {"reconstructions", "samples"}
    for part in ("train", "test"):
        assert {"recon", "kl", "loss"} <= described[part].keys()
        for term, values in described[part].items():
            assert len(values) == 100
            assert values[-1] == pytest.approx(last[part][term], rel=1e-5)
    assert len(json.dumps(described)) < 9_000
