"""`python -m aecore`: what it prints, and its exit status."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aecore import RunConfig, datasets, files, load_or_train, store
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
        ["train", "ae", "--dataset", "tiny", "--epochs", "9" * 26],
        ["train", "ae", "--dataset", "tiny", "--epochs", "9" * 5000],
        ["train", "ae", "--dataset", "tiny", "--hidden", "1000000000"],
        ["train", "ae", "--dataset", "tiny", "--hidden", ",".join("8" * 33)],
        ["train", "ae", "--dataset", "tiny", "--latent-dim", "1000000000"],
        ["train", "ae", "--dataset", "tiny", "--latent-dim", "3000"],
        ["train", "ae", "--dataset", "tiny", "--shift", "100000"],
        ["train", "ae", "--dataset", "tiny", "--shift", "8"],
        ["train", "ae", "--dataset", "tiny", "--lr", "1e999"],
        ["train", "ae", "--dataset", "tiny", "--lr", "nan"],
        ["train", "ae", "--dataset", "tiny", "--seed", str(2**32)],
        ["sweep", "ae", "--study", "s", "--dataset", "tiny", "--over", "lr=0.1,0.2", "--trials", "9" * 26],
        ["sweep", "ae", "--study", "s", "--dataset", "tiny", "--over", "lr=0.1,0.2", "--trials", "0"],
        ["sweep", "ae", "--study", "s", "--dataset", "tiny", "--over", "lr=0.1,0.2", "--validation", "9" * 26],
        ["sweep", "ae", "--study", "s", "--dataset", "tiny", "--over", f"batch_size={'9' * 400},1"],
        ["evaluate", "ae-nothing", "--noise", "1e999"],
        ["export", "ae-nothing", "--format", "png", "--out", "x.png", "--scale", "9" * 5000],
        *(
            [*command, "a" * 256]
            for command in (
                ["train"],
                ["train", "ae", "--dataset"],
                ["evaluate"],
                ["map"],
                ["delete", "--yes"],
                ["delete"],
                ["pause"],
                ["stop"],
                ["resume"],
                ["data", "remove"],
                ["fetch"],
                ["list", "--store"],
                ["figure", "--out", "x.png"],
                ["figure", "12.4", "--out"],
                ["certificate", "--into"],
                ["data", "add", "mine"],
                ["export", "ae-nothing", "--out", "x", "--format"],
                ["export", "--format", "png", "--out", "x.png"],
                ["sweep", "--study"],
                ["sweep", "ae", "--dataset", "tiny", "--over", "lr=0.1,0.2", "--study"],
            )
        ),
        ["data", "add", "a" * 256, "x.npz"],
        ["evaluate", "one\ntwo"],
        ["figure", "\x1b[31m", "--out", "x.png"],
        ["train", "ae", "--dataset", "\udcff"],
        ["list", "--store", "~nobody-is-called-this/home"],
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


def test_nobody_who_answers_is_one_sentence_and_nothing_is_deleted(run, monkeypatch, capsys):
    def end(question):
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    assert main(["delete", run.run_id]) == 2
    assert capsys.readouterr().err == "aecore: Nobody has answered the question; give `--yes` where that is meant.\n"
    assert run.path.exists()


# --- what the operating system refuses ---

TRAIN = ["train", "ae", "--dataset", "tiny", "--latent-dim", "3", "--epochs", "1", "--hidden", "8"]


def refused(capsys, *words, status=2):
    """The one sentence with which a command line ends."""
    assert main(list(words)) == status
    said = capsys.readouterr().err
    assert said.startswith("aecore: ")
    assert said.count("\n") == 1
    return said


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.fixture
def full(monkeypatch):
    """A disk that takes no file more, from the moment that it is called."""

    def fail(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (TRAIN, 1),
        (["map", "RUN"], 2),
        (["evaluate", "RUN", "--codes", "optimised", "--keep"], 2),
        (["figure", "12.4", "--out", "OUT.png"], 2),
        (["export", "RUN", "--format", "png", "--out", "OUT.png"], 2),
        (["certificate", "--into", "OUT.md"], 2),
        (["sweep", "ae", "--dataset", "tiny", "--study", "s", "--over", "lr=0.1,0.2", "--trials", "1"], 2),
    ],
)
def test_a_full_disk_is_one_sentence_and_everything_stays_as_it_was(words, status, run, full, tmp_path, capsys):
    text = "<!-- certificate: `aecore certificate --into README.md` writes this table -->\n<!-- /certificate -->\n"
    (tmp_path / "out.md").write_text(text)
    before = everything(tmp_path)
    full()
    names = {"RUN": run.run_id, "OUT.png": str(tmp_path / "out.png"), "OUT.md": str(tmp_path / "out.md")}
    assert "No space left on device" in refused(capsys, *(names.get(word, word) for word in words), status=status)
    after = everything(tmp_path)
    assert {path: after[path] for path in before} == before
    assert not [path for path in after if path.suffix == files.PART]


def test_numbers_that_cannot_be_kept_are_still_printed(run, full, capsys):
    full()
    assert main(["evaluate", run.run_id, "--codes", "optimised", "--keep", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["codes"] == "optimised"


@pytest.mark.parametrize("command", [TRAIN, ["list"], ["jobs"], ["map", "x"], ["delete", "x", "--yes"], ["pause", "x"]])
def test_a_home_that_is_a_file_is_one_sentence(command, tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tiny))
    (tmp_path / "file").touch()
    said = refused(capsys, *command, "--store", str(tmp_path / "file"))
    assert f"{tmp_path / 'file'}: Not a directory; a file stands where a folder should be" in said


def test_memory_that_torch_does_not_get_is_one_sentence_and_the_run_says_so(tiny, monkeypatch, capsys):
    def build(*rest):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr("aecore.experiment.build", build)
    sentence = "There is not enough memory for that; choose a smaller model, batch or dataset."
    assert refused(capsys, *TRAIN, status=1) == f"aecore: {sentence}\n"
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out.rstrip().endswith(f"failed  {sentence}")


def test_a_markdown_file_that_is_no_text_is_one_sentence(tmp_path, capsys):
    (tmp_path / "noise.md").write_bytes(b"\xff\xfe")
    assert "no text in UTF-8" in refused(capsys, "certificate", "--into", str(tmp_path / "noise.md"))


def test_what_is_no_file_is_written_to_and_not_replaced(run, tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.png")
    with subprocess.Popen(["cat", str(tmp_path / "pipe.png")], stdout=subprocess.PIPE) as reader:
        assert main(["export", run.run_id, "--format", "png", "--out", str(tmp_path / "pipe.png")]) == 0
        assert reader.stdout.read().startswith(b"\x89PNG")
    assert (tmp_path / "pipe.png").is_fifo()


# --- in a process of its own, with what a shell does to it ---


def shell(line, home, **variables):
    """Run `aecore` as a shell does: its status, and what it says on standard error."""
    ended = subprocess.run(
        ["bash", "-c", line.replace("aecore", f"{sys.executable} -m aecore", 1)],
        env={**os.environ, "AECORE_HOME": str(home), **variables},
        capture_output=True,
    )
    return ended.returncode, ended.stderr.decode(), ended.stdout.decode()


NO_SPACE = "aecore: No space left on device; free some space and try again.\n"


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("aecore list > /dev/full", 2, NO_SPACE),
        ("aecore list --json > /dev/full", 2, NO_SPACE),
        ("aecore list >&-", 0, ""),
        ("aecore list --json | head -1; exit ${PIPESTATUS[0]}", 0, ""),
        ("aecore jobs | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("aecore list 2>&-", 0, ""),
        (
            "aecore delete nothing <&-",
            2,
            "aecore: There is no run 'nothing'; `aecore list` shows the runs there are.\n",
        ),
        ("aecore evaluate $'\\xff'", 2, "aecore: There is no run '\\udcff'; `aecore list` shows the runs there are.\n"),
    ],
)
def test_streams_that_are_closed_full_or_left(line, status, said, tmp_path):
    assert shell(line, tmp_path / "home")[:2] == (status, said)


@pytest.mark.parametrize("stream", ["<&-", "< /dev/null"])
def test_delete_asks_nobody_where_nobody_is(stream, tmp_path):
    draft_home = tmp_path / "home" / "training"
    config = RunConfig("ae", dataset="tiny", latent_dim=3)
    files.write_whole(draft_home / config.run_id / "config.json", config.to_json().encode())
    status, said, _ = shell(f"aecore delete {config.run_id} {stream}", tmp_path / "home")
    assert (status, said) == (2, "aecore: Nobody has answered the question; give `--yes` where that is meant.\n")
    assert (draft_home / config.run_id).exists()


def test_a_terminal_without_the_letters_gets_them_spelled_out(tmp_path):
    status, said, printed = shell("aecore list", tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert (status, said) == (0, "")
    assert "AE \\xb7 20-d" in printed or printed.startswith("There are no runs")


def test_files_that_may_not_grow_are_one_sentence(tmp_path, monkeypatch):
    """The system's own limit on a file's size, which a write meets half-way."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    np.save(tmp_path / "images.npy", images)
    datasets.load.cache_clear()
    datasets.add("few", tmp_path / "images.npy")
    train = "aecore train ae --dataset few --latent-dim 2 --epochs 1 --hidden 256 --no-maps"
    status, said, _ = shell(f"ulimit -f 16; {train}", tmp_path / "home")
    assert status == 1
    assert "File too large; raise the limit of a file's size (`ulimit -f`) and try again." in said
    assert said.count("\n") == 1
    status, said, printed = shell(train, tmp_path / "home")
    assert (status, said) == (0, "")
    assert "kept in" in printed
    assert Path(tmp_path / "home" / "runs").is_dir()
