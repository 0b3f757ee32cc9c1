"""Fetching fills the data folder whole or leaves it as it was, and says what to do by hand."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from urllib.error import URLError

import numpy as np
import pytest

from aecore import AecoreError
from aecore.__main__ import main
from aecore.datasets import fetch, mnist, olivetti
from aecore.datasets.base import data_folder

SHARED = data_folder()  # the real one, before a test names its own


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def source(monkeypatch: pytest.MonkeyPatch, download, good: bytes = b"good") -> None:
    """A dataset "letters" of two files, which are official when both hold `good`."""

    def verify(home: Path) -> None:
        for name in ("a", "b"):
            if not (home / "letters" / name).is_file() or (home / "letters" / name).read_bytes() != good:
                raise AecoreError("bad")

    row = fetch.Source("Letters", ("letters/a", "letters/b"), download, verify, "or write them")
    monkeypatch.setattr(fetch, "SOURCES", {"letters": row})


def writer(**files: bytes):
    def download(part: Path) -> None:
        (part / "letters").mkdir()
        for name, data in files.items():
            (part / "letters" / name).write_bytes(data)

    return download


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_fetched_is_kept_and_not_fetched_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source(monkeypatch, writer(a=b"good", b=b"good", rubbish=b"left behind"))
    assert not fetch.is_here("letters")
    assert fetch.fetch("letters") == folder / "letters"
    assert files(folder) == ["letters/a", "letters/b"]
    source(monkeypatch, lambda part: pytest.fail("fetched twice"))
    assert fetch.is_here("letters")
    fetch.fetch("letters")


def test_leftovers_of_a_fetch_that_was_killed_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".fetch-1" / "letters").mkdir(parents=True)
    monkeypatch.setattr("aecore.files.YOUNG", -1.0)
    source(monkeypatch, writer(a=b"good", b=b"good"))
    fetch.fetch("letters")
    assert files(folder) == ["letters/a", "letters/b"]
    assert not (folder / ".fetch-1").exists()


def test_a_damaged_copy_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "letters").mkdir(parents=True)
    (folder / "letters" / "a").write_bytes(b"bad")
    source(monkeypatch, writer(a=b"good", b=b"good"))
    fetch.fetch("letters")
    assert (folder / "letters" / "a").read_bytes() == b"good"


def cut_off(part: Path) -> None:
    writer(a=b"goo")(part)
    raise URLError("no network")


@pytest.mark.parametrize(
    ("download", "said"),
    [
        (cut_off, r"could not be downloaded \(<urlopen error no network>\)"),
        (writer(a=b"good", b=b"ba"), "not the official"),
    ],
)
def test_a_failure_leaves_nothing_and_says_what_to_do(
    download, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(monkeypatch, download)
    with pytest.raises(AecoreError, match=rf"{said}.*put a, b into {folder / 'letters'} \(or write them\)"):
        fetch.fetch("letters")
    assert files(folder) == []
    assert [path.name for path in folder.iterdir()] == ["letters"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "file" / "data"))
    source(monkeypatch, writer(a=b"good", b=b"good"))
    with pytest.raises(AecoreError, match=r"cannot be written.*AECORE_DATA"):
        fetch.fetch("letters")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which a server on this machine offers its files."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("no_proxy", "*")
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("name", ["mnist", "olivetti"])
def test_without_a_network_one_sentence_names_the_files(
    name: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    torchvision: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from sklearn.datasets import _base

    def refuse(*_args: object, **_options: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr(_base, "urlretrieve", refuse)
    monkeypatch.setattr(_base.time, "sleep", lambda seconds: None)
    assert main(["fetch", name]) == 2
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("aecore: ")]
    wanted = [f"{file}.gz" for file in mnist.CHECKSUMS] if name == "mnist" else [olivetti.FILE]
    assert all(file in sentence for file in wanted)
    assert str(folder) in sentence
    assert files(folder) == []


@pytest.mark.mnist
@pytest.mark.skipif(not (SHARED / "MNIST").is_dir(), reason="AECORE_DATA holds no MNIST")
def test_mnist_comes_by_torchvision(
    mirror: tuple[Path, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    torchvision: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for file in mnist.CHECKSUMS:
        shutil.copy(SHARED / mnist.FOLDER / f"{file}.gz", mirror[0])
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror[1]])
    assert main(["fetch", "mnist"]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{folder / mnist.FOLDER}\n"
    assert "100%" in shown.err
    assert files(folder) == sorted(f"MNIST/raw/{file}.gz" for file in mnist.CHECKSUMS)
    assert len(mnist.load().train_images) == 60_000


@pytest.mark.olivetti
@pytest.mark.skipif(not (SHARED / olivetti.FILE).is_file(), reason="AECORE_DATA holds no Olivetti faces")
def test_the_faces_come_by_scikit_learn(
    mirror: tuple[Path, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy.io import savemat
    from sklearn.datasets import _olivetti_faces

    pictures = olivetti._read_pictures(SHARED / olivetti.FILE)
    original = mirror[0] / "olivettifaces.mat"
    savemat(original, {"faces": np.ascontiguousarray(pictures.swapaxes(1, 2)).reshape(400, -1).T})
    checksum = sha256(original.read_bytes()).hexdigest()
    remote = _olivetti_faces.FACES._replace(url=f"{mirror[1]}{original.name}", checksum=checksum)
    monkeypatch.setattr(_olivetti_faces, "FACES", remote)
    fetch.fetch("olivetti")
    assert files(folder) == [olivetti.FILE]
    assert np.array_equal(olivetti._read_pictures(folder / olivetti.FILE), pictures)
