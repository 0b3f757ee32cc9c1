"""One damaged file hurts one run: every page goes on, and says in a sentence what it leaves out."""

from __future__ import annotations

import gzip
import json
import shutil

import numpy as np
import pytest
import streamlit as st
from safetensors.numpy import load

from aecore import datasets, load_or_train, make_config, store

CONFIG = make_config(
    "vae", "fast", train_images=400, batch_size=100, hidden=(16,), latent_dim=3, epochs=2, optimiser="adam"
)
PAGES = ("explore", "compare", "map", "train", "figures")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A home with one small run of Fashion-MNIST and its PCA map."""
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AECORE_HOME", str(home))
        run = load_or_train(CONFIG)
        run.save_map("pca", run.codes[:, :2])
    return home


@pytest.fixture
def run(trained, home):
    """That run, in a home that may be damaged."""
    shutil.copytree(trained, home)
    return store.load(CONFIG.run_id)


@pytest.fixture
def open_all(open_page):
    """Opens every page at the damaged run; all sentences that they show."""

    def open_all():
        st.cache_resource.clear()
        told = []
        for name in PAGES:
            app = open_page("figures")
            app.session_state["watch"] = [CONFIG.run_id]
            app.query_params["run"] = CONFIG.run_id
            app.switch_page(f"views/{name}.py").run()
            assert not app.exception, (name, app.exception[0].value)
            if name == "compare" and CONFIG.run_id in (found := [run.run_id for run in store.runs()]):
                (models,) = [one for one in app.multiselect if one.label == "Models"]
                assert len(models.options) <= len(found)
                models.set_value([CONFIG.run_id]).run()
                assert not app.exception
            told += [one.value for one in (*app.error, *app.warning, *app.info)]
        return "\n".join(told)

    return open_all


DAMAGED = {
    "weights.safetensors": b"",
    "codes.safetensors": b"null",
    "history.jsonl": b'{"epoch": 1}\n',
    "epochs/0002.png": b"\x89PNG\r\n\x1a\n",
    "epochs/0002-points.npy": b"\x93NUMPY",
    "maps/pca.npy": bytes(300),
    "measures.json": b"[1]",
    "run.json": b"{}",
}

TOGETHER = (
    ("weights.safetensors",),
    ("codes.safetensors", "history.jsonl"),
    ("epochs/0002.png", "epochs/0002-points.npy", "maps/pca.npy", "measures.json"),
    ("run.json",),
)


def test_a_sound_run_is_shown_without_a_word(run, open_all):
    assert str(run.path) not in open_all()


@pytest.mark.parametrize("names", TOGETHER, ids=str)
def test_a_damaged_file_is_named_on_some_page_and_all_pages_go_on(names, run, open_all):
    for name in names:
        (run.path / name).write_bytes(DAMAGED[name])
    told = open_all().replace("\\", "")
    for name in names:
        assert str(run.path) in told if name == "run.json" else str(run.path / name) in told


def test_a_run_of_other_images_is_named_and_all_pages_go_on(run, open_all):
    record = json.loads((run.path / "run.json").read_bytes())
    record["data"]["train-images-idx3-ubyte"] = "0" * 64
    (run.path / "run.json").write_text(json.dumps(record))
    assert "belongs to other images than those of 'fashion_mnist' now" in open_all().replace("\\", "")


def test_a_run_that_is_deleted_while_a_page_shows_it(run, open_page):
    for name in PAGES:
        app = open_page("figures")
        app.session_state["watch"] = [run.run_id]
        app.query_params["run"] = run.run_id
        app.switch_page(f"views/{name}.py").run()
        moved = run.path.rename(run.path.with_name("elsewhere"))
        app.run()
        assert not app.exception, name
        moved.rename(run.path)


def test_images_added_anew_under_a_name_are_shown_anew(tmp_path, home, open_page, monkeypatch):
    """In an app that stays open: nothing that it kept of the old images stands beside the new ones."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    seen = []
    for seed in (1, 2):
        images = np.random.default_rng(seed).integers(0, 256, (60, 8, 8), np.uint8)
        np.savez(tmp_path / "images.npz", images=images, labels=np.arange(60) % 2)
        datasets.add("mine", tmp_path / "images.npz", span=(0, 255))
        run = load_or_train(make_config("pca", dataset="mine", latent_dim=2))
        app = open_page("figures")
        app.query_params["run"] = run.run_id
        app.switch_page("views/explore.py").run()
        assert not app.exception and not app.error
        sent = [one.proto.bytes for one in app.get("bidi_component") if one.proto.component_name == "store"]
        blobs = dict(blob.split(b"\n", 1) for blob in sent)
        (shown,) = [load(gzip.decompress(blob)) for key, blob in blobs.items() if key.startswith(b"images/mine/")]
        np.testing.assert_array_equal(shown["images"], run.dataset.test_images)
        seen.append(blobs.keys())
        store.delete(run)
        shutil.rmtree(tmp_path / "data" / "own" / "mine")
    assert not seen[0] & seen[1]
