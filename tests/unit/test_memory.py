"""What training takes at least of the memory, and one sentence where there is not as much."""

import pytest

from aecore import AecoreError, RunConfig, datasets, load_or_train, make_config, memory
from aecore.__main__ import main
from aecore.config import check_data
from aecore.models.base import build
from aecore.training import generator_for

MANY = {"dataset": "tiny", "hidden": (4096, 4096), "latent_dim": 2, "epochs": 1}


@pytest.mark.parametrize("family", ["ae", "denoising-ae", "dropout-ae", "pca", "logistic-pca", "vae"])
def test_the_weights_that_are_counted_are_those_that_there_are_at_least(family):
    config = make_config(family, latent_dim=7)
    there = sum(parameter.numel() for parameter in build(config, 64, generator_for(0)).parameters())
    counted = memory.needed(config, 64, 0) / memory.A_WEIGHT
    assert 0.95 * there <= counted <= there


def test_a_model_beyond_the_memory_is_refused_before_torch_is_asked(tiny, monkeypatch, capsys):
    monkeypatch.setattr(memory, "total", lambda: 2**28)
    with pytest.raises(AecoreError, match=r"at least 0\.5 GiB of memory, and this machine has 0\.2 GiB; choose fewer"):
        load_or_train(RunConfig("ae", **MANY))
    assert main(["train", "ae", "--dataset", "tiny", "--hidden", "4096,4096"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tiny / "training").exists()


def test_a_batch_counts_no_more_images_than_there_are(tiny, monkeypatch):
    config = RunConfig("ae", dataset="tiny", batch_size=2**20, hidden=(4,), latent_dim=2)
    monkeypatch.setattr(memory, "total", lambda: 2**20)
    check_data(config, datasets.load("tiny"))
    with pytest.raises(AecoreError, match="smaller 'batch_size'"):
        monkeypatch.setattr(memory, "total", lambda: 2**16)
        check_data(config, datasets.load("tiny"))


def test_images_are_not_read_where_any_would_fit(tiny):
    dataset = datasets.load("tiny")
    check_data(RunConfig("ae", dataset="tiny"), dataset)
    assert "train_images" not in vars(dataset)
    assert "test_images" not in vars(dataset)


def test_the_memory_is_that_of_the_machine_or_of_its_container(tmp_path, monkeypatch):
    machine = memory.total()
    assert 2**28 < machine < 2**50
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "limit").write_text("1048576\n")
    monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "max"), str(tmp_path / "absent")))
    assert memory.total() >= machine
    monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "max"), str(tmp_path / "limit")))
    assert memory.total() == 2**20
