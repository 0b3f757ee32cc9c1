"""Runs on disk: damage is noticed and named, files are whole."""

import pytest
import torch
from safetensors.torch import load_file

from aecore import AecoreError, RunConfig, files, load_or_train, make_config, store


@pytest.fixture
def run(tiny):
    return load_or_train(RunConfig("vae", dataset="tiny", latent_dim=3, epochs=2, batch_size=64, hidden=(16,)))


def test_runs_lists_it_and_load_finds_it(run):
    assert [found.run_id for found in store.runs() if not found.shipped] == [run.run_id]
    assert store.load(run.run_id).config == run.config


@pytest.mark.parametrize("name", ["nonsense", "../runs", "", "a/b"])
def test_a_run_that_is_not_there(name, tiny):
    with pytest.raises(AecoreError, match="There is no run"):
        store.load(name)


@pytest.mark.parametrize("name", ["weights.safetensors", "codes.safetensors"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_is_named(run, name, damage):
    path = run.path / name
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    {"flip": lambda: path.write_bytes(data), "cut": lambda: path.write_bytes(data[:99]), "remove": path.unlink}[
        damage
    ]()
    fresh = store.load(run.run_id)
    with pytest.raises(AecoreError, match=name):
        _ = fresh.stacks if name.startswith("weights") else fresh.codes


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"config": {}}'])
def test_a_damaged_record_is_reported_and_the_other_runs_stay(run, text):
    bad = run.path.with_name("bad")
    bad.mkdir()
    (bad / "run.json").write_text(text)
    assert run.run_id in [found.run_id for found in store.runs()]
    assert any("bad" in sentence for sentence in store.damaged())


def test_torch_reads_the_weights_file_too(run):
    tensors = load_file(run.path / "weights.safetensors")
    x = torch.rand(4, 64)
    hidden = torch.relu(x @ tensors["encoder.0.weight"].T + tensors["encoder.0.bias"])
    z = hidden @ tensors["encoder.1.weight"].T + tensors["encoder.1.bias"]
    torch.testing.assert_close(torch.tensor(run.encode(x.numpy())), z, atol=1e-5, rtol=0)


def test_write_whole_leaves_the_old_file_when_writing_fails(tmp_path):
    path = tmp_path / "file"
    files.write_whole(path, b"old")
    with pytest.raises(TypeError):
        files.write_whole(path, "not bytes")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_maps_are_kept_with_the_run(run):
    store.load(run.run_id).save_map("pca", run.codes[:, :2])
    assert list(store.load(run.run_id).maps) == ["pca"]


def test_maps_of_a_folder_that_cannot_be_written_go_to_the_user_s(run, monkeypatch):
    (run.path / "maps").write_text("a file in the way")
    run.save_map("pca", run.codes[:, :2])
    assert list(store.load(run.run_id).maps) == ["pca"]


def test_maps_of_a_shipped_run_go_to_the_user_s(tiny):
    run = store.runs()[0]
    before = sorted((run.path / "maps").iterdir())
    run.save_map("of_mine", run.codes[:, :2])
    assert sorted((run.path / "maps").iterdir()) == before
    assert "of_mine" in store.load(run.run_id).maps


def test_home_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    assert store.home() == tmp_path
    monkeypatch.delenv("AECORE_HOME")
    assert store.home().name == "aecore"


@pytest.mark.parametrize(
    ("config", "title"),
    [
        (make_config("ae"), "AE · 20-d · Fashion-MNIST · 100 epochs"),
        (make_config("pca", dataset="mnist", latent_dim=30), "PCA · 30-d · MNIST"),
        (make_config("logistic-pca"), "Logistic PCA · 20-d · Fashion-MNIST · 30 epochs"),
        (
            make_config("ae", "fast", train_images=2000),
            "AE · 20-d · Fashion-MNIST · 2,000 images · 3 epochs · fast recipe",
        ),
        (make_config("ae", optimiser="muon"), "AE · 20-d · Fashion-MNIST · 100 epochs · Muon"),
        (
            make_config("logistic-pca", "optimised", epochs=1),
            "Logistic PCA · 20-d · Fashion-MNIST · 1 epoch · optimised recipe",
        ),
    ],
)
def test_a_title_says_what_a_person_must_know(config, title, tmp_path):
    assert store.RunFolder(tmp_path, config).title == title
