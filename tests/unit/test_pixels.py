"""Pixels are what the file means: levels, grounds, labels, splits, and what is skipped and counted."""

from __future__ import annotations

import os
import resource
import signal
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import AecoreError, datasets
from aecore.__main__ import main
from aecore.datasets import Dataset, Summary, levels, own, pictures, sources

GREY = np.random.default_rng(0).integers(0, 256, (40, 12, 12), np.uint8)
GREY[0, 0, :2] = 0, 255
RAMP = np.linspace(0, 255, 256, dtype=np.uint8).reshape(16, 16)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    datasets.load.cache_clear()
    yield tmp_path
    datasets.load.cache_clear()


def added(path: Path, **wishes) -> tuple[Dataset, Summary]:
    if "mine" in own.names():
        own.remove("mine")
    summary = datasets.add("mine", path, **wishes)
    return datasets.load("mine"), summary


def by_content(dataset: Dataset) -> np.ndarray:
    """All images in one order."""
    images = np.concatenate([dataset.train_images, dataset.test_images])
    return np.array(sorted(images.tolist()))


def names_of(dataset: Dataset) -> list[str]:
    """The class of each image, sorted."""
    return sorted(dataset.classes[label] for label in np.concatenate([dataset.train_labels, dataset.test_labels]))


# --- arrays ---


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda grey: grey, "255 is white: 8 bits"),
        (lambda grey: grey.astype(np.int64), "255 is white: 8 bits"),
        (lambda grey: grey.astype(np.float64), "255 is white: 8 bits"),
        (lambda grey: grey / 255, "floats in [0, 1]"),
        (lambda grey: (grey / 255).astype(np.float16), "floats in [0, 1]"),
        (lambda grey: (grey / 127.5 - 1).astype(np.float32), "floats in [-1, 1]"),
        (lambda grey: (grey / 255 - 0.3) / 0.35, "the set's own range"),
        (lambda grey: grey.astype(np.uint16) * 257, "65535 is white: 16 bits"),
        (lambda grey: grey.astype(np.uint16) * 16, "4095 is white: 12 bits"),
        (lambda grey: grey.astype(np.uint16) * 100, "25500 is white: the set's own range"),
        (lambda grey: grey.astype(np.int32) - 128, "-128 is black, 127 is white"),
        (lambda grey: grey.astype(">u2") * 257, "16 bits"),
        (lambda grey: np.asfortranarray(grey), "8 bits"),
        (lambda grey: np.asfortranarray(grey.astype(">f8") / 255), "floats in [0, 1]"),
        (lambda grey: grey[..., None], "8 bits"),
        (lambda grey: grey[:, None], "8 bits"),
        (lambda grey: np.repeat(grey[..., None], 3, axis=3), "luma"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_array_is_what_its_numbers_mean(make: Callable, words: str, packed: bool, folder: Path) -> None:
    path = folder / ("a.npz" if packed else "a.npy")
    np.savez(path, images=make(GREY)) if packed else np.save(path, make(GREY))
    dataset, summary = added(path)
    assert np.abs(by_content(dataset) - np.array(sorted(GREY.tolist()))).max() <= 1
    assert words in str(summary)


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (GREY > 127, {0, 255}),
        ((GREY > 127).astype(np.uint8), {0, 255}),
        (GREY.astype(np.uint8) // 16, {round(255 * level / 15) for level in range(16)}),
        (GREY.astype(np.float64) // 15.01, {round(255 * level / 16) for level in range(17)}),  # scikit-learn's digits
        (np.full((4, 9, 9), 7, np.uint8), {7}),  # a constant set says nothing of its scale
        (np.full((4, 9, 9), 0.5), {128}),
        (np.full((4, 9, 9), -7), {0}),
    ],
)
def test_few_levels_fill_the_range(array: np.ndarray, shown: set[int], folder: Path) -> None:
    np.save(folder / "a.npy", array)
    dataset, _ = added(folder / "a.npy", size=array.shape[1])
    assert set(np.unique(by_content(dataset)).tolist()) == shown


def test_a_stated_range_is_taken_and_a_wrong_one_refused(folder: Path, capsys) -> None:
    np.save(folder / "a.npy", GREY.astype(np.uint16) * 4)
    assert main(["data", "add", "mine", str(folder / "a.npy"), "--range", "0", "1020"]) == 0
    assert "0 is black, 1020 is white: as stated" in capsys.readouterr().out
    assert np.abs(by_content(datasets.load("mine")) - np.array(sorted(GREY.tolist()))).max() <= 1
    for low, high in ((1, 1), (2, 1), (0, np.nan), (-np.inf, 0)):
        with pytest.raises(AecoreError, match="up to a larger one"):
            datasets.add("other", folder / "a.npy", span=(low, high))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array([b"cat", b"dog"]), ("cat", "dog")),
        (np.array([b"caf\xc3\xa9", b"\xff"]), ("\\xff", "café")),
        (np.array(["10", "9"]), ("9", "10")),
        (np.array(["10", "9a"]), ("10", "9a")),
        (np.array([10, -9]), ("-9", "10")),
        (np.array([10.0, 9.0]), ("9", "10")),
        (np.array([True, False]), ("False", "True")),
        (np.array([["b"], ["a"]]), ("a", "b")),
    ],
)
def test_labels_are_names_in_order(labels: np.ndarray, classes: tuple[str, ...], folder: Path) -> None:
    repeated = np.repeat(labels, 20, axis=0)
    np.savez(folder / "a.npz", images=GREY, labels=repeated)
    dataset, _ = added(folder / "a.npz")
    assert dataset.classes == classes
    assert names_of(dataset) == sorted(classes * 20)
    images = np.concatenate([dataset.train_images, dataset.test_images])
    found = np.concatenate([dataset.train_labels, dataset.test_labels])
    first = dataset.classes[found[np.flatnonzero((images == GREY[0]).all((1, 2)))[0]]]
    expected = labels.ravel()[0].item()
    assert first == (expected.decode() if isinstance(expected, bytes) else str(expected).removesuffix(".0"))


def test_objects_are_refused_with_the_way_out(folder: Path) -> None:
    import pandas

    names = pandas.DataFrame({"label": ["cat", "dog"] * 20})["label"]
    np.savez(folder / "a.npz", images=GREY, labels=names.astype("U"))
    with pytest.raises(AecoreError, match=r"`column\.to_numpy\(str\)`"):
        datasets.add("mine", folder / "a.npz")
    np.savez(folder / "a.npz", images=GREY, labels=names.to_numpy(str))
    assert added(folder / "a.npz")[0].classes == ("cat", "dog")
    np.save(folder / "a.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(AecoreError, match="Python objects"):
        datasets.add("other", folder / "a.npy")


def test_a_file_is_what_it_holds_whatever_it_is_called(folder: Path) -> None:
    np.savez(folder / "pack.npz", images=GREY)
    np.save(folder / "a.npy", GREY)
    (folder / "pack.npz").rename(folder / "pack.NPY")
    (folder / "a.npy").rename(folder / "a.npz")
    for name in ("pack.NPY", "a.npz"):
        np.testing.assert_array_equal(by_content(added(folder / name)[0]), np.array(sorted(GREY.tolist())))


def whole(kind: str) -> bytes:
    buffer = BytesIO()
    np.savez(buffer, images=GREY) if kind == "npz" else np.save(buffer, GREY)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x93NUMPY", b"PK", b"a text", whole("npy")[:60], whole("npy")[:900], whole("npz")[:900],
        whole("npy").replace(b"'|u1'", b"'|x9'"), whole("npy").replace(b"(40,", b"(4e,"),
        whole("npy").replace(b"False", b"False("), b"PK\x05\x06" + bytes(18),
        whole("npz")[:60] + bytes(60) + whole("npz")[120:],
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_damaged_arrays_get_one_sentence(content: bytes, name: str, folder: Path, capsys) -> None:
    (folder / name).write_bytes(content)
    assert main(["data", "add", "mine", str(folder / name)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"{name} cannot be read" in err
    assert own.names() == {}


# --- pictures ---


def save(path: Path, picture: Image.Image | np.ndarray, **wishes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(path, **wishes)
    return path


@pytest.mark.parametrize(
    ("factor", "words"), [(257, "16 bits"), (16, "12 bits"), (100, "own range"), (1, "white: 8 bits")]
)
def test_pictures_of_16_bits_are_scaled_by_the_sets_range(factor: int, words: str, folder: Path) -> None:
    for at in range(4):
        save(folder / "pictures" / f"{at}.png", np.roll(RAMP, at, 0).astype(np.uint16) * factor)
    dataset, summary = added(folder / "pictures", size=16)
    expected = np.array(sorted(np.roll(RAMP, at, 0).tolist() for at in range(4)))
    assert np.abs(by_content(dataset) - expected).max() <= 1
    assert words in str(summary)


def test_edges_of_a_shrunk_picture_do_not_change_its_range(folder: Path) -> None:
    hard = np.kron(np.eye(8, dtype=np.uint16), np.full((11, 11), 4095, np.uint16))
    for at in range(2):
        save(folder / "pictures" / f"{at}.png", hard)
    dataset, summary = added(folder / "pictures", size=28)
    assert "4095 is white: 12 bits" in str(summary)
    assert dataset.test_images.max() == 255


def test_8_and_16_bits_side_by_side_keep_their_own_meaning(folder: Path) -> None:
    for at in range(2):
        save(folder / "pictures" / f"deep-{at}.png", RAMP.astype(np.uint16) * 16)
        save(folder / "pictures" / f"flat-{at}.png", RAMP // 4)
    dataset, summary = added(folder / "pictures", size=16)
    expected = np.array(sorted([RAMP.tolist()] * 2 + [(RAMP // 4).tolist()] * 2))
    assert np.abs(by_content(dataset) - expected).max() <= 1
    assert "Levels of 2 of 16 bits: 0 is black, 4095 is white" in str(summary)
    with pytest.raises(AecoreError, match="these have 8"):
        save(folder / "others" / "a.png", RAMP)
        datasets.add("others", folder / "others", span=(0, 10))


def on_clear(ink: int) -> Image.Image:
    picture = np.zeros((16, 16, 4), np.uint8)
    picture[4:12, 4:12] = ink, ink, ink, 255
    return Image.fromarray(picture)


def as_palette(picture: Image.Image) -> Image.Image:
    flat = Image.fromarray(np.asarray(picture)[..., 3] // 255)
    grey = int(np.asarray(picture)[8, 8, 0])
    flat.putpalette([9, 9, 9, grey, grey, grey])
    return flat


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "webp"])
def test_transparent_parts_get_the_opposite_ground(ink: int, mode: str, folder: Path) -> None:
    for at in range(2):
        picture, wishes, suffix = on_clear(ink), {}, "png"
        if mode == "P":
            picture, wishes = as_palette(picture), {"transparency": 0}
        elif mode == "RGB":  # one colour stands for clear
            flat = np.full((16, 16, 3), 9, np.uint8)
            flat[4:12, 4:12] = ink
            picture, wishes = Image.fromarray(flat), {"transparency": (9, 9, 9)}
        elif mode == "webp":
            wishes, suffix = {"lossless": True}, "webp"
        else:
            picture = picture.convert(mode)
        save(folder / "pictures" / f"{at}.{suffix}", picture, **wishes)
    dataset, summary = added(folder / "pictures", size=16)
    expected = np.full((16, 16), 255 - ink)
    expected[4:12, 4:12] = ink
    np.testing.assert_array_equal(dataset.test_images[0], expected)
    told = "bright, laid on black" if ink else "dark, laid on white"
    assert f"2 with transparent parts, {told}." in str(summary)


def test_half_transparent_edges_are_blended_and_opaque_pictures_have_no_ground(folder: Path) -> None:
    picture = np.asarray(on_clear(0)).copy()
    picture[3, 4:12, 3] = 128
    save(folder / "pictures" / "0.png", picture)
    picture[..., 3] = 255
    save(folder / "pictures" / "1.png", picture)
    dataset, summary = added(folder / "pictures", size=16)
    assert by_content(dataset)[:, 3, 8].tolist() == [0, 127]
    assert "1 with transparent parts" in str(summary)


def test_printing_inks_are_read_and_upside_down_ones_are_said(folder: Path) -> None:
    ink = Image.merge("CMYK", [Image.new("L", (16, 16), 0)] * 3 + [Image.fromarray(255 - RAMP)])
    save(folder / "pictures" / "0.jpg", ink, quality=100)
    save(folder / "pictures" / "1.jpg", Image.new("CMYK", (16, 16), (0, 0, 0, 255)))
    dataset, summary = added(folder / "pictures", size=16)
    assert np.abs(by_content(dataset)[1] - RAMP.astype(int)).max() <= 2
    assert "1 in printing inks are nearly black" in str(summary)


# --- what cannot be read ---


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png_of(parts: list[tuple[bytes, bytes]], wrong: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data) ^ (kind == wrong)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def parts() -> list[tuple[bytes, bytes]]:
    buffer = BytesIO()
    Image.fromarray(RAMP).save(buffer, "PNG")
    return chunks(buffer.getvalue())


def sized(width: int, height: int) -> bytes:
    return png_of([(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), *parts()[1:]])


UNREADABLE = {
    "empty": (b"", "empty"),
    "text": (b"no picture", "no picture"),
    "cut": (png_of(parts())[:60], "truncated|Truncated"),
    "bad chunk": (png_of(parts(), wrong=b"IDAT"), "checksum"),
    "no pixels": (png_of([part for part in parts() if part[0] != b"IDAT"]), ""),
    "no size": (sized(0, 0), ""),
    "huge": (sized(70_000, 70_000), "64 million"),
    "large": (sized(9_000, 9_000), "9,000 x 9,000 pixels, where 64 million"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_picture_is_skipped_and_counted(name: str, folder: Path) -> None:
    content, why = UNREADABLE[name]
    for at in range(3):
        save(folder / "pictures" / "cat" / f"{at}.png", RAMP)
    (folder / "pictures" / "dog").mkdir()
    (folder / "pictures" / "dog" / "bad.png").write_bytes(content)
    dataset, summary = added(folder / "pictures")
    assert (summary.train, summary.test, dataset.classes) == (2, 1, ("cat",))
    (note,) = [note for note in summary.notes if "unreadable" in note]
    assert note.startswith("1 unreadable, left out: dog/bad.png: ")
    assert any(word in note for word in why.split("|"))
    (folder / "alone").mkdir()
    (folder / "alone" / "bad.png").write_bytes(content)
    with pytest.raises(AecoreError, match=r"None of the 1 pictures in .* can be read \(bad\.png: "):
        datasets.add("other", folder / "alone")


def test_damage_beside_the_pixels_hurts_nothing(folder: Path) -> None:
    first, *others = parts()
    extra = {
        "exif.png": [first, (b"eXIf", b"II*\0\xff\xff\xff"), *others],
        "text.png": [first, (b"zTXt", b"k\0\0garbage"), *others],
    }
    (folder / "pictures").mkdir()
    for name, made in extra.items():
        (folder / "pictures" / name).write_bytes(png_of(made))
    dataset, summary = added(folder / "pictures", size=16)
    np.testing.assert_array_equal(by_content(dataset), [RAMP, RAMP])
    assert not any("left out" in note for note in summary.notes)


def test_pictures_stand_as_their_camera_was_held(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    for at in range(2):
        save(folder / "pictures" / f"{at}.png", RAMP, exif=exif)
    np.testing.assert_array_equal(added(folder / "pictures", size=16)[0].test_images[0], RAMP[::-1, ::-1])


# --- folders ---


def test_numbered_classes_stand_in_numerical_order(folder: Path) -> None:
    for number in range(12):
        for at in range(2):
            save(folder / "numbered" / str(number) / f"{at}.png", np.full((8, 8), number, np.uint8))
    dataset, _ = added(folder / "numbered", size=8)
    assert dataset.classes == tuple(map(str, range(12)))
    np.testing.assert_array_equal(dataset.train_images[:, 0, 0], dataset.train_labels)


def test_hidden_folders_and_other_files_are_left_out_and_said(folder: Path) -> None:
    top = folder / "pictures"
    for place in ("cat", "dog", "cat/.ipynb_checkpoints", "__MACOSX/cat", ".ipynb_checkpoints"):
        for at in range(2):
            save(top / place / f"{at}.png", RAMP)
    save(top / "dog" / "._0.png", RAMP)
    save(top / "dog" / "a.bmp", RAMP)
    (top / "notes").write_text("")
    dataset, summary = added(top)
    assert (dataset.classes, summary.train + summary.test) == (("cat", "dog"), 4)
    hidden, others = [note for note in summary.notes if "left out" in note]
    assert hidden.startswith("7 in hidden or system folders, left out: ") and hidden.endswith(", 2 more.")
    assert others == "2 files of other kinds, left out: .bmp (1), no ending (1)."


@pytest.mark.parametrize(
    ("tops", "train", "test"),
    [
        ({"train": 6, "test": 2}, 6, 2),
        ({"Training": 6, "Testing": 2, "validation": 3}, 9, 2),
        ({"train": 6, "val": 2}, 6, 2),
    ],
)
def test_folders_of_a_split_are_the_split(tops: dict[str, int], train: int, test: int, folder: Path) -> None:
    for number, (top, count) in enumerate(tops.items()):
        for at in range(count):
            save(folder / "split" / top / str(at % 2 * 10) / f"{at}.png", np.full((8, 8), 50 * number, np.uint8))
    dataset, summary = added(folder / "split", size=8)
    assert dataset.classes == ("0", "10")
    assert (len(dataset.train_images), len(dataset.test_images)) == (train, test)
    assert dataset.train_images[:6].max() == 0  # the images to validate on come last
    assert set(dataset.train_images[6:, 0, 0].tolist()) <= {100}
    assert set(dataset.test_images[:, 0, 0].tolist()) == {50}
    assert "as the folders say" in str(summary)


def test_a_split_without_classes_and_with_pictures_beside(folder: Path) -> None:
    for place in ("train", "test", "."):
        save(folder / "split" / place / "a.png", RAMP)
    dataset, summary = added(folder / "split")
    assert (dataset.classes, summary.train, summary.test) == (("images",), 1, 1)
    assert "1 beside the folders of the split, left out: a.png." in summary.notes
    (folder / "split" / "test" / "a.png").write_bytes(b"")
    save(folder / "split" / "train" / "b.png", RAMP)
    with pytest.raises(AecoreError, match="none to test on"):
        datasets.add("other", folder / "split")


@pytest.mark.parametrize("tops", [("train", "bus"), ("test",), ("train",), ("val", "test")])
def test_classes_that_are_called_like_parts_of_a_split_stay_classes(tops: tuple[str, ...], folder: Path) -> None:
    for top in tops:
        for at in range(2):
            save(folder / "vehicles" / top / f"{at}.png", RAMP)
    assert added(folder / "vehicles")[0].classes == tuple(sorted(tops))


def test_names_that_are_no_text_are_spelt_out(folder: Path) -> None:
    place = folder / "pictures" / b"caf\xe9".decode("utf-8", "surrogateescape")
    for at in range(2):
        save(place / f"{at}.png", RAMP)
    (place / "bad.png").write_bytes(b"")
    dataset, summary = added(folder / "pictures")
    assert dataset.classes == ("caf\\udce9",)
    str(summary).encode()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(folder: Path, monkeypatch) -> None:
    """Every write of pictures goes through a file, so that the system refuses it: no map that ends the process."""
    for at in range(2):
        save(folder / "pictures" / f"{at}.png", RAMP)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(AecoreError, match="File too large"):
            datasets.add("mine", folder / "pictures")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(own._home().iterdir()) == []


def test_names_of_files_break_no_line(folder: Path) -> None:
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a\x1b[31m\n.png").write_bytes(b"")
    with pytest.raises(AecoreError) as raised:
        datasets.add("mine", folder / "pictures")
    assert r"a\x1b[31m\n.png: empty" in str(raised.value)


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "a.npy")
    with pytest.raises(AecoreError, match=r"no folder, \.npy or \.npz file"):
        datasets.add("mine", folder / "a.npy")


def test_the_levels_of_every_depth() -> None:
    grey = levels.found(np.dtype(np.uint16), 0, 40_000)
    assert grey.grey(np.array([0, 65535, 32768], np.uint16)).tolist() == [0, 255, 128]
    assert sources.in_order(["b", "a", "a"]) == ("a", "b")
    assert sources.in_order(["01", "1", "10", "-2"]) == ("-2", "01", "1", "10")
    assert pictures.MOST_PIXELS == 64e6
