"""The user's own images: what is read, how it is split, and one sentence for what cannot be used."""

import json

import numpy as np
import pytest
from PIL import Image

from aecore import AecoreError, RunConfig, datasets, load_or_train
from aecore.__main__ import main
from aecore.datasets import own

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
    np.testing.assert_array_equal(own.rows_of(data.train_images, index), np.load(data_file("train_images"))[index])


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
        ("mine", {"images": IMAGES / 255}, "must be uint8"),
        ("mine", {"images": IMAGES[0]}, "must be uint8"),
        ("mine", {"images": IMAGES[:1]}, "at least two"),
        ("mine", {"images": IMAGES[:0]}, "holds no image"),
        ("mine", {"images": IMAGES, "labels": np.arange(3)}, "for each of its 60 images"),
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
    path = pictures(folder)
    (path / "cat" / "broken.png").write_bytes(b"no image")
    with pytest.raises(AecoreError, match=r"broken\.png cannot be read as an image"):
        datasets.add("mine", path)
    assert list((own._home()).iterdir()) == []
    (folder / "notes.txt").write_text("")
    with pytest.raises(AecoreError, match="is no folder"):
        datasets.add("mine", folder / "notes.txt")
    with pytest.raises(AecoreError, match="pixels a side"):
        datasets.add("mine", path, size=4)
    with pytest.raises(AecoreError, match="between 0 and 1"):
        datasets.add("mine", path, test_share=1)


def test_meta_that_is_damaged(folder):
    np.save(folder / "a.npy", IMAGES)
    datasets.add("mine", folder / "a.npy")
    (own._home() / "mine" / "meta.json").write_text(json.dumps({}))
    with pytest.raises(AecoreError, match=r"meta\.json is damaged"):
        datasets.load("mine")
