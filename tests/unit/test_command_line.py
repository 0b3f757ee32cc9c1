"""`python -m aecore`: what it prints, and its exit status."""

import json
import subprocess
import sys

import pytest

from aecore import RunConfig, load_or_train, store
from aecore.__main__ import main
from aecore.draft import Draft, drafts


@pytest.fixture
def run(tiny):
    return load_or_train(RunConfig("vae", dataset="tiny", latent_dim=3, epochs=2, batch_size=64, hidden=(16,)))


def test_train_list_and_evaluate(tiny, capsys):
    train = ["train", "ae", "--dataset", "tiny", "--epochs", "2", "--hidden", "16,8", "--latent-dim", "3", "--no-maps"]
    assert main(train) == 0
    assert "kept in" in capsys.readouterr().out
    assert main(train) == 0
    assert "finished already" in capsys.readouterr().out
    assert main(["list", "--json"]) == 0
    (listed,) = [row for row in json.loads(capsys.readouterr().out) if not row["shipped"]]
    assert main(["evaluate", listed["run_id"], "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert {"run_id", "family", "dataset", "latent_dim", "epochs", "sse", "mse", "bce", "bce_floor"} <= table.keys()
    assert (table["family"], table["epochs"], table["latent_dim"]) == ("ae", 2, 3)
    assert listed["config"] == {
        "family": "ae",
        "dataset": "tiny",
        "latent_dim": 3,
        "hidden": [16, 8],
        "epochs": 2,
        "seed": 1,
    }


def test_evaluate_a_vae(run, capsys):
    assert main(["evaluate", run.run_id, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["neg_elbo"] == pytest.approx(table["recon"] + table["kl"])
    assert table["recon_at_mean"] == table["bce"]
    assert sum(table["kl_per_dimension"]) == pytest.approx(table["kl"], rel=1e-5)
    assert 0 <= table["active_units"] <= 3
    assert (table["codes"], table["noise"], table["split"]) == ("feed-forward", 0.0, "test")
    assert main(["evaluate", run.run_id, "--codes", "optimised", "--split", "train", "--json"]) == 0
    best = json.loads(capsys.readouterr().out)
    assert (best["codes"], best["split"], best["images"]) == ("optimised", "train", 200)
    assert main(["evaluate", run.run_id, "--noise", "0.5", "--json"]) == 0
    noisy = json.loads(capsys.readouterr().out)
    assert noisy["noise"] == 0.5
    assert noisy["sse"] != table["sse"]
    assert main(["evaluate", run.run_id]) == 0
    assert "neg_elbo" in capsys.readouterr().out


def test_store_option_names_the_home(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tiny))  # `main` sets the variable; monkeypatch puts it back
    assert (
        main(["train", "pca", "--dataset", "tiny", "--latent-dim", "2", "--no-maps", "--store", str(tmp_path / "s")])
        == 0
    )
    assert list((tmp_path / "s" / "runs").iterdir())


def test_map_adds_the_missing_maps(run):
    assert set(run.maps) == set()
    assert main(["map", run.run_id]) == 0
    assert set(run.maps) == {"pca", "tsne"}
    assert main(["map", run.run_id, "--method", "umap"]) == 0
    assert set(run.maps) == {"pca", "tsne", "umap"}
    assert run.maps["umap"].shape == (100, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train"],
        ["train", "rbm"],
        ["train", "ae", "--epochs", "many"],
        ["train", "ae", "--epochs", "-3"],
        ["train", "ae", "--recipe", "secret"],
        ["train", "ae", "--hidden", "a,b"],
        ["train", "ae", "--loss", "hinge"],
        ["train", "ae", "--dataset", "cifar"],
        ["train", "pca", "--lr", "0.1"],
        ["train", "ae", "--nonsense", "1"],
        ["resume", "ae-nothing"],
        ["train", "ae", "--dataset", "tiny", "--resume"],
        ["train", "ae", "--dataset", "tiny", "--fresh"],
        ["pause", "ae-nothing"],
        ["stop", "ae-nothing"],
        ["delete", "ae-nothing", "--yes"],
        ["delete", "ae-fashion_mnist-z20-b00f44c7", "--yes"],
        ["evaluate", "ae-nothing"],
        ["evaluate", "ae-nothing", "--noise", "-1"],
        ["evaluate", "ae-nothing", "--codes", "best"],
        ["map", "ae-nothing"],
        ["map", "ae-nothing", "--method", "isomap"],
        ["figure", "99.9", "--out", "x.png"],
        ["evaluate", "ae-nothing", "--keep"],
        ["evaluate", "ae-nothing", "--measures", "some"],
        ["fetch", "cifar"],
    ],
)
def test_a_bad_request_gets_one_sentence_and_status_2(arguments, tiny, capsys):
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = stopped.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.startswith("aecore: ")
    assert captured.err.count("\n") == 1


def test_a_package_that_is_not_installed_is_one_sentence_and_leaves_nothing_behind(tiny, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["train", "ae", "--dataset", "tiny", "--epochs", "1"]) == 2
    assert capsys.readouterr().err == "aecore: This needs the package tqdm; README's `pip install` line adds it.\n"
    assert not list(drafts())


def test_a_part_of_aecore_that_is_missing_is_a_defect(tiny, monkeypatch):
    def find(config):
        raise ModuleNotFoundError("No module named 'aecore.nothing'", name="aecore.nothing")

    monkeypatch.setattr(store, "find", find)
    with pytest.raises(ModuleNotFoundError):
        main(["train", "ae", "--dataset", "tiny"])


def test_a_diverging_run_is_status_1(tiny, capsys):
    assert main(["train", "ae", "--dataset", "tiny", "--lr", "1e30", "--epochs", "2", "--latent-dim", "3"]) == 1
    assert "diverged" in capsys.readouterr().err


def test_module_and_help(tiny):
    shown = subprocess.run([sys.executable, "-m", "aecore", "--help"], capture_output=True, text=True, check=True)
    for command in ("train", "list", "evaluate", "figure", "resume", "map"):
        assert command in shown.stdout


def test_evaluate_all_measures_and_keep_them(run, capsys):
    basic = ["evaluate", run.run_id, "--json"]
    assert main(basic) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main([*basic, "--measures", "all"]) == 0
    added = json.loads(capsys.readouterr().out)
    assert plain.items() <= added.items()
    assert {"ssim", "iw_bound", "sse_train"} <= added.keys() - plain.keys()
    assert run.measures == {}
    assert main([*basic, "--measures", "all", "--keep"]) == 0
    assert run.measures == {name: added[name] for name in added.keys() - plain.keys()}


def test_unfinished_runs_are_listed_paused_stopped_and_deleted(tiny, capsys, monkeypatch):
    draft = Draft(RunConfig("ae", dataset="tiny", latent_dim=3, epochs=9))
    draft.begin()
    draft.set_status("running", epoch=4)
    with draft.locked():
        assert main(["jobs"]) == main(["pause", draft.run_id]) == main(["jobs"]) == 0
        before, after = capsys.readouterr().out.splitlines()
        assert before.split() == [draft.run_id, "epoch", "4", "of", "9", "running"]
        assert after.endswith("paused")
        assert main(["resume", draft.run_id]) == main(["stop", draft.run_id]) == 0
        assert not draft.requested("pause")
        assert draft.requested("stop")
    monkeypatch.setattr("builtins.input", lambda question: "n")
    assert main(["delete", draft.run_id]) == 1
    assert draft.path.exists()
    assert main(["delete", draft.run_id, "--yes"]) == 0
    assert not draft.path.exists()


def test_a_finished_run_is_deleted_when_it_is_meant(run, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert main(["delete", run.run_id]) == 0
    assert not run.path.exists()
    assert main(["delete", run.run_id]) == 2
