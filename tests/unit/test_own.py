"""The user's own images: what is read, how it is split, and one sentence for what cannot be used."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from aecore import AecoreError, RunConfig, datasets, load_or_train
from aecore.__main__ import main
from aecore.datasets import own, sources

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 12, 12), np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("AECORE_HOME", str(tmp_path / "home"))
    datasets.load.cache_clear()
    yield tmp_path
    datasets.load.cache_clear()


def saved(folder, **arrays):
    np.savez(folder / "pack.npz", **arrays)
    return folder / "pack.npz"


def pictures(folder, count=4, size=(40, 30), classes=("cat", "dog")):
    for name in classes:
        (folder / "pictures" / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", size, (i, i, i)).save(folder / "pictures" / name / f"{i}.png")
    return folder / "pictures"


def test_an_array_is_split_and_each_image_keeps_its_label(folder):
    labels = np.where(IMAGES[:, 0, 0] > 127, "light", "dark")
    datasets.add("mine", saved(folder, images=IMAGES, labels=labels))
    data = datasets.load("mine")
    assert (data.classes, len(data.test_images), len(data.train_images)) == (("dark", "light"), 6, 54)
    together = np.concatenate([data.train_images, data.test_images])
    assert sorted(map(bytes, together)) == sorted(map(bytes, IMAGES))
    named = np.concatenate([data.train_labels, data.test_labels])
    np.testing.assert_array_equal(named, together[:, 0, 0] > 127)


def test_the_split_is_the_same_every_time(folder):
    np.save(folder / "a.npy", IMAGES)
    for name in ("one", "other"):
        datasets.add(name, folder / "a.npy", test_share=0.5)
    assert dict(datasets.load("one").checksums) == dict(datasets.load("other").checksums)


def test_pictures_become_grey_squares_in_classes(folder):
    datasets.add("pets", pictures(folder), size=16, test_share=0.25)
    data = datasets.load("pets")
    assert data.classes == ("cat", "dog")
    assert data.train_images.shape == (6, 16, 16)
    assert sorted(np.concatenate([data.train_images, data.test_images])[:, 3, 3]) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_an_added_dataset_trains_and_is_named_in_titles(folder):
    np.save(folder / "a.npy", IMAGES)
    assert main(["data", "add", "my_set", str(folder / "a.npy"), "--test-share", "0.2"]) == 0
    run = load_or_train(RunConfig("ae", dataset="my_set", latent_dim=2, hidden=(8,), epochs=1))
    assert "My set" in run.title
    assert run.evaluation["images"] == 12
    assert run.record["data"] == dict(datasets.load("my_set").checksums)
    assert datasets.table()["my_set"].title == "My set"


def test_list_and_remove(folder, capsys):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    assert main(["data", "list"]) == 0
    assert "mine" in capsys.readouterr().out
    assert main(["data", "remove", "mine"]) == 0
    assert own.names() == {}
    assert main(["data", "remove", "mine"]) == 2
    with pytest.raises(AecoreError, match="no dataset 'mine'"):
        datasets.load("mine")


def test_a_large_file_stays_on_disk_and_holds_the_same_images(folder, monkeypatch):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    monkeypatch.setattr(own, "MAPPED", 1000)
    data = datasets.load("mine")
    assert isinstance(data.train_images, np.memmap)
    index = np.array([5, 3, 40])
    np.testing.assert_array_equal(sources.rows_of(data.train_images, index), np.load(data_file("train_images"))[index])


def data_file(part):
    return own._home() / "mine" / f"{part}.npy"


def test_damage_is_found(folder):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    damaged = bytearray(data_file("test_images").read_bytes())
    damaged[-1] ^= 1
    data_file("test_images").write_bytes(damaged)
    with pytest.raises(AecoreError, match=r"test_images\.npy is damaged"):
        _ = datasets.load("mine").test_images


@pytest.mark.parametrize(
    ("name", "arrays", "words"),
    [
        ("Mine!", {"images": IMAGES}, "cannot name a dataset"),
        ("mnist", {"images": IMAGES}, "already"),
        ("mine", {"images": IMAGES[0]}, "must be numbers of shape"),
        ("mine", {"images": IMAGES[:, :0, :0]}, "must be numbers of shape"),
        ("mine", {"images": IMAGES.astype(str)}, "must be numbers of shape"),
        ("mine", {"images": IMAGES + 1j}, "must be numbers of shape"),
        ("mine", {"images": np.where(IMAGES, IMAGES, np.nan)}, "no finite numbers"),
        ("mine", {"images": np.where(IMAGES, IMAGES, np.inf)}, "no finite numbers"),
        ("mine", {"images": IMAGES, "labels": np.zeros((60, 2))}, "a number or a name for each"),
        ("mine", {"images": IMAGES, "labels": np.linspace(0, 1, 60)}, "whole numbers"),
        ("mine", {"images": IMAGES, "labels": np.full(60, np.nan)}, "whole numbers"),
        ("mine", {"images": np.repeat(IMAGES, 5, 0), "labels": np.arange(300)}, "300 classes; there can be 256"),
        ("mine", {"images": IMAGES[:1]}, "at least two"),
        ("mine", {"images": IMAGES[:0]}, "holds no image"),
        ("mine", {"images": IMAGES, "labels": np.arange(3)}, "one for each of its 60 images"),
        ("mine", {"pictures": IMAGES}, "cannot be read"),
    ],
)
def test_bad_arrays(name, arrays, words, folder):
    with pytest.raises(AecoreError, match=words):
        datasets.add(name, saved(folder, **arrays))
    assert own.names() == {}


def test_bad_folders_name_the_file(folder):
    with pytest.raises(AecoreError, match="There is no"):
        datasets.add("mine", folder / "nothing")
    (folder / "empty").mkdir()
    with pytest.raises(AecoreError, match="no PNG, JPEG or WebP"):
        datasets.add("mine", folder / "empty")
    assert list((own._home()).iterdir()) == []
    path = pictures(folder)
    (folder / "notes.txt").write_text("")
    with pytest.raises(AecoreError, match="is no folder"):
        datasets.add("mine", folder / "notes.txt")
    with pytest.raises(AecoreError, match="pixels a side"):
        datasets.add("mine", path, size=4)
    with pytest.raises(AecoreError, match="between 0 and 1"):
        datasets.add("mine", path, test_share=1)


@pytest.mark.parametrize(
    "content",
    [
        "", "null", "3", "[]", '"text"', "{}", "{", "[" * 100_000, "\x00" * 100, '{"classes": 3, "checksums": {}}',
        '{"classes": [], "checksums": {}}', '{"classes": [1], "checksums": {}}', '{"classes": "ab", "checksums": []}',
        '{"classes": ["a"], "checksums": {"test_images.npy": "0"}}',
    ],
)  # fmt: skip
def test_a_damaged_meta_file_hurts_one_dataset(content, folder, capsys):
    np.save(folder / "a.npy", IMAGES)
    for name in ("mine", "sound"):
        datasets.add(name, folder / "a.npy")
    (own._home() / "mine" / "meta.json").write_text(content)
    with pytest.raises(AecoreError, match=r"meta\.json is damaged .*; remove and add the images again") as raised:
        datasets.load("mine")
    assert "\n" not in str(raised.value)
    assert len(datasets.load("sound").test_images) == 6
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["mine", "sound"]
    assert "damaged" in lines[0] and lines[1].endswith("Sound")
    datasets.add("other", folder / "a.npy")
    own.remove("mine")
    assert own.names().keys() == {"sound", "other"}


def test_class_names_can_be_written_whatever_a_meta_file_holds(folder):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    path = own._home() / "mine" / "meta.json"
    path.write_text(path.read_text().replace('"images"', r'"\udce9"'))
    assert datasets.load("mine").classes == (r"\udce9",)


def test_a_meta_file_of_bytes_that_are_no_text(folder):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    (own._home() / "mine" / "meta.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(AecoreError, match=r"meta\.json is damaged"):
        datasets.load("mine")


@pytest.mark.parametrize(
    ("part", "array"),
    [
        ("test_images", np.zeros((6, 12), np.uint8)),
        ("test_images", np.zeros((6, 12, 12), np.float32)),
        ("test_images", np.zeros((0, 12, 12), np.uint8)),
        ("test_labels", np.full(6, 9, np.uint8)),
        ("train_labels", np.zeros(54)),
    ],
)
def test_an_array_of_another_shape_is_damage_also_with_its_checksum(part, array, folder):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    np.save(data_file(part), array)
    path = own._home() / "mine" / "meta.json"
    meta = json.loads(path.read_text())
    meta["checksums"][f"{part}.npy"] = hashlib.sha256(data_file(part).read_bytes()).hexdigest()
    path.write_text(json.dumps(meta))
    with pytest.raises(AecoreError, match=rf"{part}\.npy is damaged"):
        getattr(datasets.load("mine"), part)


def test_images_that_are_added_anew_under_an_old_name_are_another_dataset(folder):
    np.save(folder / "a.npy", IMAGES)
    np.save(folder / "b.npy", 255 - IMAGES)
    datasets.add("mine", folder / "a.npy")
    first = datasets.load("mine")
    images = first.test_images
    assert datasets.load("mine") is first
    own.remove("mine")
    with pytest.raises(AecoreError, match="no dataset 'mine'"):
        datasets.load("mine")
    datasets.add("mine", folder / "b.npy")
    second = datasets.load("mine")
    np.testing.assert_array_equal(second.test_images, 255 - images)
    assert second.version != first.version
    own.remove("mine")
    datasets.add("mine", folder / "a.npy")
    assert datasets.load("mine").version == first.version  # the same images are the same data


def test_leftovers_of_processes_that_were_killed_go_with_the_next_addition(folder, monkeypatch):
    for name in (".add-1", ".remove-2"):
        (own._home() / name / "mine").mkdir(parents=True)
    monkeypatch.setattr("aecore.files.YOUNG", -1.0)
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    assert [path.name for path in own._home().iterdir()] == ["mine"]
    (own._home() / ".add-3").mkdir()
    own.remove("mine")
    assert list(own._home().iterdir()) == []


def test_something_in_the_way_is_named_and_kept(folder):
    np.save(folder / "a.npy", IMAGES)
    (own._home() / "mine").mkdir(parents=True)
    (own._home() / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(AecoreError, match="there already"):
        datasets.add("mine", folder / "a.npy")
    assert [path.name for path in own._home().iterdir()] == ["mine"]


def test_errors_of_the_system_are_sentences(folder, monkeypatch, capsys):
    np.save(folder / "a.npy", IMAGES)
    assert main(["data", "add", "n" * 256, str(folder / "a.npy")]) == 2
    assert main(["data", "add", "mine", str(folder / ("n" * 256))]) == 2
    (folder / "file").write_text("")
    monkeypatch.setenv("AECORE_DATA", str(folder / "file"))
    assert main(["data", "add", "mine", str(folder / "a.npy")]) == 2
    assert main(["data", "list"]) == 0
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 3)
    assert "cannot name a dataset" in err and "choose a shorter name" in err and "folder should be" in err


def test_the_summary_says_what_was_kept(folder, capsys):
    labels = np.where(np.arange(60) % 3, "few\x1b[31m", "many")
    assert main(["data", "add", "mine", str(saved(folder, images=IMAGES // 16, labels=labels))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(own._home() / "mine"),
        "60 images of 12 x 12 pixels, grey.",
        "54 to train on, 6 to test on: shuffled.",
        r"2 classes: few\x1b[31m (40), many (20).",
        "Levels: 0 is black, 15 is white: the set's own range.",
    ]
