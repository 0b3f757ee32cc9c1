"""A run and its images belong together, a run's place is its own, and one damaged file hurts one run alone."""

from __future__ import annotations

import copy
import errno
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from aecore import (
    AecoreError,
    RunConfig,
    datasets,
    experiment,
    exports,
    files,
    grids,
    jobs,
    load_or_train,
    locks,
    roots,
    store,
)
from aecore.__main__ import main
from aecore.draft import Draft, clean, drafts
from aecore.errors import system_errors
from aecore.exports import View
from aecore.run import Run, own_maps, own_measures

SETTINGS = {"dataset": "tiny", "latent_dim": 3, "epochs": 3, "batch_size": 64, "hidden": (16,)}
CONFIG = RunConfig("vae", **SETTINGS)
ODD = (None, 5, 1.5, [], {}, "x", [None], {"a": None}, -1, 10**30, True, float("nan"), float("inf"))


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Copies of homes that were trained in once, by name."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture
def at_home(tiny, homes):
    """`at_home(name, train)`: the home that `train()` makes, trained in once for all tests."""

    def at_home(name, train):
        if (homes / name).exists():
            shutil.copytree(homes / name, tiny, dirs_exist_ok=True)
        else:
            train()
            shutil.copytree(tiny, homes / name)

    return at_home


@pytest.fixture
def run(at_home):
    at_home("finished", lambda: load_or_train(CONFIG))
    return store.load(CONFIG.run_id)


def own(config):
    """The user's own runs that are listed, by name."""
    return [run.run_id for run in store.runs() if not run.shipped]


# --- a run and its data ---


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Adds images as the dataset `mine`, in place of those that had the name."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "home"))

    def add(seed):
        images = np.random.default_rng(seed).integers(0, 256, (60, 8, 8), np.uint8)
        np.savez(tmp_path / "images.npz", images=images, labels=np.arange(60) % 2)
        if "mine" in datasets.table():
            main(["data", "remove", "mine"])
        assert main(["data", "add", "mine", str(tmp_path / "images.npz"), "--range", "0", "255"]) == 0

    return add


MINE = RunConfig("ae", **{**SETTINGS, "dataset": "mine"})


def test_images_that_changed_under_their_name_are_other_images(mine, capsys):
    mine(1)
    run = load_or_train(MINE)
    assert run.dataset.name == "mine" and "other images" not in run.title
    mine(2)
    for meets in (
        lambda: run.dataset,
        lambda: store.find(MINE),
        lambda: load_or_train(MINE),
        lambda: jobs.start(MINE),
        lambda: experiment.add_maps(store.load(MINE.run_id)),
        *(lambda name=name: exports.make(name, View(store.load(MINE.run_id))) for name in ("png", "parquet", "html")),
    ):
        with pytest.raises(AecoreError, match="belongs to other images than those of 'mine' now"):
            meets()
    capsys.readouterr()
    for command in (["evaluate", MINE.run_id], ["map", MINE.run_id]):
        assert main(command) == 2
        assert "other images" in capsys.readouterr().err
    assert main(["list"]) == 0
    assert "3 epochs · other images" in capsys.readouterr().out
    assert main(["delete", MINE.run_id, "--yes"]) == 0
    assert load_or_train(MINE).evaluation["sse"] != run.evaluation["sse"]


def test_the_old_images_make_it_right_again(mine):
    mine(1)
    load_or_train(MINE)
    mine(2)
    assert not store.load(MINE.run_id).belongs()
    mine(1)
    assert store.find(MINE).belongs()


def test_a_run_that_was_begun_on_other_images_does_not_go_on(mine):
    mine(1)
    training = experiment.train(MINE)
    next(training)
    training.close()
    mine(2)
    with pytest.raises(AecoreError, match="was begun on other images than those of 'mine' now"):
        load_or_train(MINE)
    with pytest.raises(AecoreError, match="was begun on other images"):
        jobs.start(MINE)
    mine(1)
    assert load_or_train(MINE).history()[-1]["epoch"] == 3


def test_a_run_without_its_images_on_this_machine_is_not_accused(run, monkeypatch):
    monkeypatch.delitem(datasets.DATASETS, "tiny")
    datasets.load.cache_clear()
    assert store.find(CONFIG).belongs()
    with pytest.raises(AecoreError, match="no dataset 'tiny'"):
        _ = run.dataset


@pytest.mark.parametrize("family", ["ae", "vae", "adversarial-ae"])
def test_a_run_resumed_after_its_last_epoch_has_the_trained_weights(family, tiny, monkeypatch):
    """On a GPU a copy of the model trains; "cpu:0" is another device than "cpu" to torch, and the same processor."""
    monkeypatch.setattr("aecore.training.device_of", lambda: torch.device("cpu:0"))
    config = RunConfig(family, **SETTINGS)
    with monkeypatch.context() as patch:
        patch.setattr(experiment, "_publish", lambda *words: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            load_or_train(config)
    assert Draft(config).last_epoch == 3
    run = load_or_train(config)
    assert run.evaluation["sse"] == pytest.approx(run.history()[-1]["test"]["sse"], rel=1e-5)
    monkeypatch.setenv("AECORE_HOME", str(tiny / "elsewhere"))
    assert load_or_train(config).weights() == run.weights()


def test_weights_that_are_not_those_that_were_trained_are_not_published(tiny, monkeypatch):
    def untrained(self):
        torch.nn.init.ones_(self.decoder[-1].bias)
        return original(self)

    from aecore.models.ae import AE

    original = AE.stacks
    monkeypatch.setattr(AE, "stacks", untrained)
    config = RunConfig("ae", **SETTINGS)
    with pytest.raises(AecoreError, match="not those that were trained and are not published"):
        load_or_train(config)
    assert own(config) == [] and jobs.Job(Draft(config)).state == "failed"


# --- a run's place ---


def test_only_a_folder_with_the_runs_name_and_a_record_is_a_run(run):
    folder = run.path.parent
    copies = [
        folder / f".{run.run_id}.gone",
        folder / f"{run.run_id} copy",
        folder / "old",
        folder / ".ipynb_checkpoints",
    ]
    for place in copies:
        shutil.copytree(run.path, place)
    (folder / "empty").mkdir()
    (folder / "half").mkdir()
    (folder / "half" / store.WEIGHTS).write_bytes(b"x")
    (folder / "a file").write_text("x")
    assert own(CONFIG) == [run.run_id]
    told = store.damaged()
    for place in [*copies, folder / "empty", folder / "half"]:
        (sentence,) = [one for one in told if one.startswith(f"{place} is no run: ")]
        assert sentence.endswith(f"; look at it and remove it (`aecore delete '{place.name}'`).")
    assert main(["delete", "half", "--yes"]) == 0
    assert not (folder / "half").exists() and run.path.exists()


@pytest.mark.parametrize("what", ["no record", "half a record", "nothing", "a file", "another run's name"])
def test_publishing_moves_aside_what_is_no_run(what, tiny):
    place = roots.home() / "runs" / CONFIG.run_id
    place.parent.mkdir(parents=True)
    if what == "a file":
        place.write_text("mine")
    else:
        place.mkdir()
        contents = {"half a record": '{"config": ', "another run's name": '{"config": {"family": "ae"}}'}
        if what in contents:
            (place / "run.json").write_text(contents[what])
        if what == "no record":
            (place / store.WEIGHTS).write_bytes(b"of mine")
    run = load_or_train(CONFIG)
    assert store.load(CONFIG.run_id).weights() == run.weights()
    (aside,) = (roots.home() / "aside").iterdir()
    assert aside.name == f"{CONFIG.run_id}-1"
    if what == "no record":
        assert (aside / store.WEIGHTS).read_bytes() == b"of mine"
    if aside.is_dir():
        assert any(f"{aside} is no run: it stood where a run was to be put" in sentence for sentence in store.damaged())


@pytest.fixture
def across(monkeypatch):
    """Renames of folders into other folders fail, as between file systems."""
    rename = Path.rename

    def refused(path, target):
        if path.is_dir() and path.parent != Path(target).parent and path.name != "whole":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)


def test_runs_may_lie_on_another_file_system(tiny, across):
    """As where `runs` is a link to a larger disk."""
    place = roots.home() / "runs" / CONFIG.run_id
    place.mkdir(parents=True)
    (place / "note.txt").write_text("of mine")
    run = load_or_train(CONFIG)
    assert run.path == place and run.weights() and drafts() == []
    assert [path.name for path in place.parent.iterdir()] == [run.run_id]
    assert (roots.home() / "aside" / f"{run.run_id}-1" / "note.txt").read_text() == "of mine"


def test_a_copy_to_another_file_system_is_whole_or_gone(tiny, across, monkeypatch):
    def copytree(path, target, **words):
        Path(target).mkdir()
        (Path(target) / "run.json").write_text("{")
        assert store.damaged() == []  # it is being made
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    with monkeypatch.context() as patch, pytest.raises(AecoreError, match="No space left"):
        patch.setattr("shutil.copytree", copytree)
        with system_errors():
            load_or_train(CONFIG)
    assert list((roots.home() / "runs").iterdir()) == [] and [one.run_id for one in drafts()] == [CONFIG.run_id]
    left = roots.home() / "runs" / f".{CONFIG.run_id}.x.part"
    left.mkdir()
    os.utime(left, (time.time() - 3600,) * 2)  # of a process that was killed
    assert load_or_train(CONFIG).weights() and not left.exists()


def test_a_folder_that_cannot_be_renamed_is_deleted(run, monkeypatch):
    """As those of a container's image: its file system refuses to rename them."""

    def refused(path, target):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(path))

    monkeypatch.setattr(Path, "rename", refused)
    store.delete(run)
    assert not run.path.exists() and store.damaged() == []


def test_of_a_run_that_is_a_link_the_link_is_deleted(run, tmp_path):
    run.path.rename(tmp_path / run.run_id)
    run.path.symlink_to(tmp_path / run.run_id)
    store.delete(store.load(run.run_id))
    assert list(run.path.parent.iterdir()) == [] and Run(tmp_path / run.run_id).weights()
    assert store.damaged() == []


def test_a_run_that_was_deleted_while_maps_are_made_stays_deleted(run, monkeypatch):
    def project(codes, *words):
        store.delete(store.load(run.run_id))
        return codes[:, :2]

    monkeypatch.setattr("aecore.projection.project", project)
    with pytest.raises(AecoreError, match="was deleted meanwhile"):
        experiment.add_maps(run)
    assert not run.path.exists() and not own_maps(run).exists()
    with pytest.raises(AecoreError, match="was deleted meanwhile"):
        run.save_measures({"ssim": 1.0})
    assert load_or_train(CONFIG).weights()


def test_a_map_of_a_run_is_not_kept_with_another_of_its_name(run):
    store.delete(run)
    anew = load_or_train(CONFIG)
    record = json.loads((anew.path / "run.json").read_text())
    record["files"]["weights.safetensors"] = "0" * 64
    (anew.path / "run.json").write_text(json.dumps(record))
    with pytest.raises(AecoreError, match="was deleted meanwhile"):
        run.save_map("pca", run.codes[:, :2])


def test_one_odd_entry_among_the_runs_hides_no_other(run, capsys):
    place = run.path.parent
    (place / "loop").symlink_to("loop")
    (place / "nowhere").symlink_to("absent")
    (place / "file").write_text("of mine")
    os.mkfifo(place / "pipe")
    (place / "-rf").mkdir()
    (place / "half").mkdir()
    os.mkfifo(place / "half" / "run.json")
    assert own(CONFIG) == [run.run_id]
    (dash, half) = store.damaged()
    assert "aecore delete" not in dash and "run.json is no file" in half
    assert main(["delete", "half", "--yes"]) == 0 and main(["list"]) == 0


def test_what_cannot_be_cleaned_of_one_run_stops_no_other(run):
    (run.path / "status.json").mkdir()
    assert load_or_train(RunConfig("ae", **SETTINGS)).weights()


def test_copied_and_half_made_drafts_are_named_and_not_listed(tiny):
    draft = Draft(CONFIG)
    draft.begin()
    shutil.copytree(draft.path, draft.path.with_name("a copy"))
    draft.path.with_name("half").mkdir()
    shutil.copytree(draft.path, draft.path.with_name(f".{draft.run_id}.7.gone"))
    assert [one.run_id for one in drafts()] == [draft.run_id]
    assert [job.run_id for job in jobs.jobs()] == [draft.run_id]
    assert sum("is no run" in sentence for sentence in store.damaged()) == 3
    with locks.hold("half"):  # it is being begun
        assert sum("is no run" in sentence for sentence in store.damaged()) == 2


def test_what_killed_processes_left_is_cleaned(run, monkeypatch):
    home = roots.home()
    draft = Draft(RunConfig("ae", **SETTINGS))
    draft.begin()
    parts = [
        run.path / ".run.json.7.part", run.path / "epochs" / ".0001.png.7.part", draft.path / ".status.json.7.part",
        home / "measures" / ".x.json.7.part",
    ]  # fmt: skip
    for part in parts:
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(b"half")
        os.utime(part, (time.time() - 3600,) * 2)
    for name in ("snapshot.safetensors", "status.json", "config.json", "place", "stop", "data.json"):
        (run.path / name).write_bytes(b"left")
    gone = run.path.with_name(f".{run.run_id}.7.gone")
    shutil.copytree(run.path, gone)
    young = run.path / ".weights.8.part"
    young.write_bytes(b"being written")
    with locks.hold(run.run_id):  # its process is about to clean by itself
        clean()
        assert (run.path / "snapshot.safetensors").exists()
    clean()
    assert not any(part.exists() for part in parts) and not gone.exists() and young.exists()
    young.unlink()
    assert {path.name for path in run.path.iterdir()} == {
        "run.json", "history.jsonl", "weights.safetensors", "codes.safetensors", "epochs",
    }  # fmt: skip
    assert store.load(run.run_id).history()[-1]["epoch"] == 3 and draft.path.exists()


# --- one damaged file ---


def odd_records(record):
    """Every way to have one entry of a record replaced by something odd, or gone."""
    for name in record:
        yield {key: value for key, value in record.items() if key != name}
        for value in ODD:
            yield {**record, name: value}
    for name, table in record.items():
        for key in table if isinstance(table, dict) else ():
            for value in ODD:
                changed = copy.deepcopy(record)
                changed[name][key] = value
                yield changed
    for field in ("hidden", "latent_dim", "dataset", "seed", "loss", "mirror", "nonsense"):
        for value in ODD:
            yield {**record, "config": {**record["config"], field: value}}
    yield from ODD


def test_whatever_stands_in_a_record_the_run_is_listed_or_named(run):
    path = run.path / "run.json"
    record = json.loads(path.read_bytes())
    tried = 0
    for changed in odd_records(record):
        path.write_text(json.dumps(changed))
        listed, named = own(CONFIG), [one for one in store.damaged() if one.startswith(str(run.path))]
        assert (listed == [run.run_id]) != bool(named)
        if listed:
            found = store.load(run.run_id)
            assert found.title and found.evaluation["sse"] > 0 and found.record["seconds"] >= 0
            assert np.isfinite([value for value in found.evaluation.values() if isinstance(value, float)]).all()
        else:
            with pytest.raises(AecoreError, match="is no run"):
                store.load(run.run_id)
            assert store.find(CONFIG) is None
        tried += 1
    assert tried > 600


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"null", b"[" * 100_000, b"7" * 5000])
def test_a_record_of_any_bytes_hurts_one_run(run, data, capsys):
    (run.path / "run.json").write_bytes(data)
    assert main(["list"]) == 0
    told = capsys.readouterr()
    assert told.err.count("is no run") == 1 and "ae-fashion_mnist" in told.out


def test_a_record_of_a_newer_version_is_said_to_be_one(run):
    path = run.path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format": 2}))
    with pytest.raises(AecoreError, match="a newer aecore wrote it: format 2, and this version reads up to 1"):
        store.load(run.run_id)


def damages(data):
    """A file's content damaged in every way that the name says."""
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    return {"flipped": bytes(flipped), "cut": data[: len(data) // 2], "empty": b"", "zeros": bytes(len(data)),
            "null": b"null", "number": b"5", "list": b"[]", "text": "ä\x00".encode("utf-16")}  # fmt: skip


HOWS = list(damages(b"12"))


@pytest.mark.parametrize("how", HOWS)
def test_every_file_that_the_record_lists_is_checked(run, how):
    run.save_map("pca", run.codes[:, :2])
    listed = json.loads((run.path / "run.json").read_bytes())["files"]
    assert listed.keys() == {
        str(path.relative_to(run.path)) for path in run.path.rglob("*.*") if path.name != "run.json"
    }
    whole = {name: (run.path / name).read_bytes() for name in listed}
    for name in ("history.jsonl", "weights.safetensors", "codes.safetensors", "epochs/0002.png", "maps/pca.npy"):
        (run.path / name).write_bytes(damages(whole[name])[how])
    (run.path / "epochs" / "0002-points.npy").write_bytes(damages(whole["epochs/0002-points.npy"])[how])
    found = store.load(run.run_id)
    for reads in (found.history, lambda: found.stacks, lambda: found.codes, lambda: found.sheet(2), found.codes_bytes):
        with pytest.raises(AecoreError, match=str(run.path)):
            reads()
    assert found.points(2) is None and found.points(1) is not None
    assert found.maps == {} and "maps/pca.npy is damaged and left out" in found.damage[0]
    with pytest.raises(AecoreError, match="has no map 'pca'"):
        found.map_bytes("pca")
    assert own(CONFIG) == [run.run_id]


@pytest.mark.parametrize("how", HOWS)
def test_maps_and_measures_that_are_not_listed_are_looked_at(how, tiny):
    """Those of shipped runs, which are kept in the home, and those of runs that an earlier version made."""
    shipped = next(run for run in store.runs() if run.shipped)
    shipped.save_map("of_mine", shipped.codes[:, :2])
    path = own_maps(shipped) / "of_mine.npy"
    whole = path.read_bytes()
    path.write_bytes(damages(whole)[how])
    sound = "of_mine" in store.load(shipped.run_id).maps
    assert sound == (how == "flipped")  # a number of a map without a checksum is as good as another
    for odd in (np.zeros((3, 2)), np.zeros((len(shipped.codes), 3)), np.full((len(shipped.codes), 2), np.nan),
                np.zeros((len(shipped.codes), 2), np.int64), np.zeros((len(shipped.codes), 2), complex)):  # fmt: skip
        np.save(path, odd)
        assert "of_mine" not in store.load(shipped.run_id).maps
        assert any("of_mine.npy is damaged" in sentence for sentence in store.load(shipped.run_id).damage)


@pytest.mark.parametrize("value", ODD)
def test_measures_of_any_content_are_left_out_or_sound(run, value):
    for table in (value, {"ssim": value}, {"optimised": {"sse": value}}):
        (run.path / "measures.json").write_text(json.dumps(table))
        found = store.load(run.run_id)
        assert isinstance(found.measures, dict) and found.score("sse", "optimised") in (None, 5, 1.5, -1, 10**30)


def test_what_another_process_keeps_meanwhile_is_no_damage(run):
    """A page has the run open for hours."""
    opened = store.load(run.run_id)
    for ssim in (0.5, 0.6):
        store.load(run.run_id).save_measures({"ssim": ssim})
        store.load(run.run_id).save_map("pca", np.full((len(run.codes), 2), ssim, np.float32))
        assert opened.measures == {"ssim": ssim} and opened.maps["pca"][0, 0] == np.float32(ssim)
        assert opened.damage == []


def test_measures_of_two_processes_are_both_kept(run):
    first, second = store.load(run.run_id), store.load(run.run_id)
    first.save_measures({"ssim": 0.5})
    second.save_measures({"fid": 7.0})
    assert store.load(run.run_id).measures == {"ssim": 0.5, "fid": 7.0}
    with locks.hold(f"{run.run_id}.record"), pytest.raises(AecoreError, match="Another process"):
        run.save_measures({"ssim": 0.6})


@pytest.mark.parametrize("writes", range(3))
def test_measures_are_sound_at_whatever_write_a_process_is_killed(run, monkeypatch, writes):
    """The record forgets the old file, the new one is written, the record lists it."""
    run.save_measures({"ssim": 0.5})

    def write(path, data, make_folder=True):
        left.append(path)
        if len(left) > writes:
            raise KeyboardInterrupt
        files.write_whole(path, data, make_folder)

    left = []
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("aecore.run.write_whole", write)
        run.save_measures({"ssim": 0.6})
    found = store.load(run.run_id)
    assert found.measures == {"ssim": 0.6 if writes == 2 else 0.5} and found.damage == []


def test_measures_kept_beside_a_folder_that_cannot_be_written_count(run, monkeypatch):
    """As of runs that came in a folder of the system's, with measures in it."""
    run.save_measures({"ssim": 0.5})

    def write(path, data, make_folder=True):
        if path.is_relative_to(run.path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        files.write_whole(path, data, make_folder)

    with monkeypatch.context() as patch:
        patch.setattr("aecore.run.write_whole", write)
        run.save_measures({"optimised": {"sse": 3.0}})
    assert store.load(run.run_id).measures == {"ssim": 0.5, "optimised": {"sse": 3.0}}
    run.save_measures({"ssim": 0.6})
    assert store.load(run.run_id).measures == {"ssim": 0.6, "optimised": {"sse": 3.0}}
    assert not own_measures(run).exists()


def test_maps_and_measures_beside_a_run_are_not_those_of_another_of_its_name(run):
    """A newer version of the project may ship a run with other weights under the same name."""
    for path in (own_maps(run) / "umap.npy", own_measures(run)):
        path.parent.mkdir(parents=True, exist_ok=True)
    np.save(own_maps(run) / "umap.npy", run.codes[:, :2])
    own_measures(run).write_text('{"ssim": 0.5}')
    assert "umap" in run.maps and run.measures
    record = json.loads((run.path / "run.json").read_text())
    record["files"]["weights.safetensors"] = "0" * 64
    (run.path / "run.json").write_text(json.dumps(record))
    other = store.load(run.run_id)
    assert "umap" not in other.maps and other.measures == {}


def test_a_map_that_is_not_finite_is_never_kept(run):
    with pytest.raises(AecoreError, match="not finite"):
        run.save_map("umap", np.full((len(run.codes), 2), np.nan, np.float32))
    assert not (run.path / "maps").exists()


def test_weights_that_do_not_fit_their_config_are_refused(run):
    other = load_or_train(RunConfig("vae", **{**SETTINGS, "latent_dim": 4}))
    for name in ("weights.safetensors", "codes.safetensors"):
        shutil.copy(other.path / name, run.path / name)
    record = json.loads((run.path / "run.json").read_bytes())
    theirs = json.loads((other.path / "run.json").read_bytes())["files"]
    record["files"] |= {name: theirs[name] for name in ("weights.safetensors", "codes.safetensors")}
    (run.path / "run.json").write_text(json.dumps(record))
    found = store.load(run.run_id)
    for reads in (lambda: found.stacks, lambda: found.codes):
        with pytest.raises(AecoreError, match="does not fit the run's config"):
            reads()


# --- the files of a run in the making ---


@pytest.fixture
def stopped(at_home):
    """An unfinished run after its second epoch."""

    def train():
        training = experiment.train(CONFIG)
        for progress in training:
            if progress.epoch == 2:
                break
        training.close()

    at_home("stopped", train)
    return Draft(CONFIG)


@pytest.mark.parametrize("how", HOWS)
def test_a_damaged_history_or_map_does_not_stop_a_sound_snapshot(stopped, how, tiny, monkeypatch):
    for name in ("history.jsonl", "epochs/0001-points.npy", "epochs/0001.png", "status.json", "data.json", "place"):
        path = stopped.path / name
        path.write_bytes(damages(path.read_bytes() if path.exists() else b"1.5")[how])
    if how == "flipped":
        (stopped.path / "data.json").unlink()
    assert jobs.Job(stopped).state in ("stopped", "crashed", "failed") and jobs.queue() == []
    resumed = load_or_train(CONFIG)
    monkeypatch.setenv("AECORE_HOME", str(tiny / "whole"))
    whole = load_or_train(CONFIG)
    assert resumed.weights() == whole.weights()
    assert [row["test"] for row in resumed.history()] == [row["test"] for row in whole.history()]


@pytest.mark.parametrize("how", HOWS)
def test_a_damaged_snapshot_is_a_sentence(stopped, how):
    path = stopped.path / "snapshot.safetensors"
    path.write_bytes(damages(path.read_bytes())[how])
    with pytest.raises(AecoreError, match=r"The snapshot of .* is damaged"):
        load_or_train(CONFIG)
    assert jobs.Job(stopped).state == "failed" and "is damaged" in jobs.Job(stopped).message


def test_every_byte_of_a_snapshot_counts(stopped):
    path = stopped.path / "snapshot.safetensors"
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 60):
        data = bytearray(whole)
        data[at] ^= 1
        path.write_bytes(data)
        if at >= 8 + int.from_bytes(whole[:8], "little"):  # the header's blanks mean nothing
            with pytest.raises(AecoreError, match="is damaged"):
                stopped.snapshot()


@pytest.mark.parametrize("value", ODD)
def test_a_status_of_any_content_is_read(stopped, value):
    path = stopped.path / "status.json"
    for status in (
        value,
        *({"state": "running", name: value} for name in ("state", "epoch", "seconds_left", "message")),
    ):
        path.write_text(json.dumps(status))
        (job,) = jobs.jobs()
        assert job.state == "crashed" and isinstance(job.epoch, int) and isinstance(job.message, str)
    assert main(["jobs"]) == 0


@pytest.mark.parametrize("value", ODD)
def test_a_config_of_any_content_is_named(stopped, value):
    (stopped.path / "config.json").write_text(json.dumps(value))
    assert jobs.jobs() == []
    assert any(sentence.startswith(str(stopped.path)) for sentence in store.damaged())
    with pytest.raises(AecoreError, match="is no unfinished run"):
        Draft.named(stopped.run_id)
    assert main(["delete", stopped.run_id, "--yes"]) == 0
    assert not stopped.path.exists()


def test_a_wrong_bit_in_a_grid_moves_no_pixel(tiny):
    """Pillow 13.0.0 reads a PNG whose image data have a wrong bit and do not match their CRC-32; `verify` notices."""
    draft = Draft(CONFIG)
    sheet = np.kron(np.random.default_rng(0).integers(0, 256, (20, 20), np.uint8), np.ones((8, 8), np.uint8))
    draft.save_grid(1, store.RECONSTRUCTIONS, grids.png(sheet))
    whole = draft.grid(1).read_bytes()
    found = 0
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1
        draft.grid(1).write_bytes(data)
        try:
            np.testing.assert_array_equal(draft.sheet(1), sheet)
        except AecoreError:
            found += 1
    assert found > 0.95 * len(whole)


def test_epochs_beyond_9999_are_found(tiny):
    draft = Draft(CONFIG)
    for epoch in (9, 9_999, 10_000, 123_456):
        draft.save_points(epoch, np.zeros((4, 2)))
    (draft.path / "epochs" / "copy of 0001-points.npy").write_bytes(b"")
    assert draft.epochs(store.POINTS) == [9, 9_999, 10_000, 123_456]


@pytest.mark.parametrize("name", ["weights.safetensors", "codes.safetensors", "history.jsonl", "epochs/0002.png",
                                  "epochs/0002-points.npy", "maps/pca.npy", "run.json"])  # fmt: skip
def test_every_command_ends_well_or_in_a_sentence(run, name, tmp_path, capsys):
    run.save_map("pca", run.codes[:, :2])
    other = load_or_train(RunConfig("pca", dataset="tiny", latent_dim=2))
    (run.path / name).write_bytes(b"[5]")
    out = tmp_path / "out"
    commands = [["list"], ["list", "--json"], ["jobs"], ["certificate"], ["map", run.run_id, "--method", "pca"]]
    commands += [["evaluate", run.run_id], ["evaluate", run.run_id, "--codes", "optimised", "--keep"]]
    for kind, row in exports.FORMATS.items():
        commands.append(["export", run.run_id, "--format", kind, "--out", f"{out}/{kind}{row.extension}"])
    refused = 0
    for command in commands:
        status = main(command)
        told = capsys.readouterr().err
        assert status in (0, 1, 2) and (status != 2 or told.startswith("aecore: "))
        refused += status == 2
    assert refused > 0 or name in ("maps/pca.npy", "epochs/0002.png", "epochs/0002-points.npy")
    assert main(["evaluate", other.run_id]) == 0
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]
