"""Command lines, arrays and addresses without end: each ends well or in one sentence, and never in a traceback.

    python tests/bench/generated.py              # all 1,500; about ten minutes
    python tests/bench/generated.py commands:17  # one of them, with what it prints

Each case comes from its group and its number alone, so that it can be made again. Training is on 108 images of
8 x 8, in a home and a data folder that are made for the purpose and are gone afterwards.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints
from unittest import mock

import numpy as np
import streamlit
from PIL import Image
from streamlit.logger import set_log_level
from streamlit.testing.v1 import AppTest

from aecore import RunConfig, __main__, certificate, datasets, exports, load_or_train, make_config, roots

APP = Path(__file__).parents[2] / "app"
COUNTS = {"commands": 800, "arrays": 350, "addresses": 350}
SECONDS = 60  # for a case, which takes one at most where nothing is wrong

WORDS = (
    "", " ", ".", "..", "/", "-", "--", "*", "%s", "{}", "~", "~nobody-here", "../..", "None", "null", "0", "a b",
    "a" * 256, "ü", "名前", "\udcff\udcfe", "one\ntwo", "\x1b[31m", "**bold** [a](b)", "<b>", "run.json", "'\"",
)  # fmt: skip
WHOLE = (
    "-1", "0", "1", "2", "3", "1.5", "1e3", "nan", "inf", "", " 3", "٣", "２", "1_0", "0x10", "9" * 30, "9" * 5000,
    "1" + "0" * 25, "-" + "9" * 30,
)  # fmt: skip
REAL = (
    "0", "-0.0", "-1", "0.1", "0.5", "1", "1e-300", "5e-324", "1e30", "1e31", "1e308", "1e999", "nan", "inf", "-inf",
    "", "1,5", "٠.١", "0x1p3", "1e-3", "9" * 400,
)  # fmt: skip
WIDTHS = ("", "8", "4,4", "0", "-1", ",", "4,,4", "a", "1.5", "9" * 30, ",".join("4" * 40), "٣", "65537", "4;4")
AXES = (
    "lr=0..1:log", "lr=1..0", "lr=nan..1", "lr", "=", "lr=", "lr=1e999,1", f"batch_size={'9' * 400}..{'9' * 401}",
    "epochs=0,1", "epochs=0..1", "hidden=4..8", "mirror=yes,no", "latent_dim=1..9999", "optimiser=sgd,adam",
    "dataset=a,b", "family=ae,vae", "x=1,2", "lr=0.1,0.1", "train_images=1,99999", "shift=0..100", "beta=0,1",
)  # fmt: skip
CODES = (
    "test-6", "test-99999999999", "mean-9", "sample-4294967296", "own-1", "train-0", "AAAAAAAAAAA", "AADAfwAAwH8", "A",
    "=", "test-", "test--1", "test-1.5",
)  # fmt: skip
LEFT_OUT = ("ship", "classifier", "fetch")  # they write into the project, or ask the network
SLOW = ("umap",)  # half a minute to compile

# What options may be given, by the parser's name for them; as odd ones there are those of their type, and ODD.
VALID: dict[str, Sequence[str]] = {
    "dataset": ("tiny",), "study": ("s", "s.1"), "recipe": ("chapter", "chapter", "fast", "best"),
    "hidden": ("8", "4,4"), "latent_dim": ("1", "2", "3"), "epochs": ("0", "1", "2"), "batch_size": ("1", "16", "512"),
    "seed": ("0", "1", "4294967295"), "shift": ("0", "1", "7"), "train_images": ("0", "5", "20"),
    "lr": ("0.1", "0.001", "1e30"), "bias_lr": ("0.1", "0.001"), "beta": ("0", "0.5", "1e30"), "dropout": ("0", "0.9"),
    "noise": ("0", "0.1", "1e6"), "ridge": ("0", "0.1", "1e30"), "weight_decay": ("0", "0.1", "1e30"),
    "trials": ("1", "2"), "validation": ("5", "10"), "dimension": ("0", "1"), "scale": ("1", "2", "64"),
    "size": ("8", "9", "16"), "test_share": ("0.1", "0.5", "0.99"),
    "code": ("test-0", "test-5", "mean-0", "mean-1", "sample-7", "zero", "AACAPwAAgD8"),
    "to": ("test-1", "mean-1", "zero"),
    "over": (
        "lr=0.01,0.02", "lr=0.01..0.1:log", "batch_size=16,32", "batch_size=1..2", "hidden=4-4,8", "mirror=true,false",
        "latent_dim=1..3", "optimiser=adam,muon", "train_images=10..20", "seed=0,1", "shift=0,1", "lr=0.01,1e30",
    ),
    "out": ("new.png", "new/deep/er.png"), "into": ("marked.md",), "storage": ("journal", "sqlite:///s.db"),
    "path": ("files/images.npy", "files/images.npz", "files/pictures"), "store": ("copy",),
    "name": ("mine", "tiny", "12.4", "12.3", "all"), "format": tuple(exports.FORMATS),
}  # fmt: skip
ODD: dict[str, Sequence[str]] = {
    "hidden": WIDTHS, "over": AXES, "code": CODES, "to": CODES, "recipe": ("deep", "small", "optimised", *WORDS),
    "dataset": ("mnist", "olivetti", "fashion", *WORDS), "test_share": REAL, "noise": REAL,
    **dict.fromkeys(("trials", "dimension", "scale", "size", "validation"), WHOLE),
}  # fmt: skip
OFTEN = {"train": 9, "export": 7, "evaluate": 5, "sweep": 3, "map": 3, "figure": 2, "data": 4, "delete": 2}

CHOICES = {name: get_args(hint) for name, hint in get_type_hints(RunConfig).items() if get_origin(hint) is Literal}

# What a command has to have, so that what is odd about the rest is reached; later options override these.
BASES = {
    "train": ["--dataset", "tiny", "--latent-dim", "2", "--epochs", "1", "--no-maps"],
    "pca": ["--dataset", "tiny", "--latent-dim", "2", "--no-maps"],
    "sweep": ["--dataset", "tiny", "--latent-dim", "2", "--epochs", "1", "--hidden", "4", "--trials", "1"],
}


class Outcome(NamedTuple):
    """What a case was and how it ended: `fault` says what is wrong with that, or nothing."""

    name: str
    text: str
    status: int | None
    said: str
    fault: str


class EndlessError(BaseException):
    """The case has taken longer than any should."""


class Place(NamedTuple):
    """A folder with finished runs in `home`, the images `tiny` in `data`, and files to name in `files`."""

    folder: Path
    runs: tuple[str, ...]

    @property
    def files(self) -> Path:
        return self.folder / "files"


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A place of one's own, for as long as the block runs; no shipped runs are seen there."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ), warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning is no sentence
        warnings.simplefilter("ignore", ResourceWarning)  # nobody is shown that one
        root = Path(folder)
        os.environ |= {"AECORE_HOME": str(root / "home"), "AECORE_DATA": str(root / "data")}
        before = Path.cwd()
        with mock.patch.object(roots, "shipped", lambda: root / "none"):
            datasets.load.cache_clear()
            made = Place(root, _fill(root))
            os.chdir(root)
            try:
                yield made
            finally:
                os.chdir(before)
                datasets.load.cache_clear()


def _fill(root: Path) -> tuple[str, ...]:
    """Files, a dataset and finished runs; the names of the runs."""
    files = root / "files"
    (files / "folder" / "within").mkdir(parents=True)
    noise = np.random.default_rng(0)
    images = noise.integers(0, 256, (120, 8, 8), np.uint8)
    np.savez(files / "images.npz", images=images, labels=np.arange(120) % 2)
    np.save(files / "images.npy", images)
    for name in ("noise", "noise.png", "noise.npy", "noise.md", "noise.json", "folder/noise.jpg"):
        (files / name).write_bytes(noise.bytes(300))
    (files / "empty").touch()
    (files / "a").write_text("text")
    (files / "pictures").mkdir()
    for number, image in enumerate(images[:5]):
        Image.fromarray(image).save(files / "pictures" / f"{number}.png")
    datasets.add("tiny", files / "images.npz")
    small = {"dataset": "tiny", "latent_dim": 2}
    configs = [
        make_config("pca", **small),
        *(make_config(one, epochs=1, hidden=(4,), **small) for one in ("ae", "vae")),
    ]
    shutil.copytree(root / "data", root / "data-copy")
    return tuple(load_or_train(config).run_id for config in configs)


# --- command lines ---


def command_line(number: int, where: Place) -> list[str]:
    """A command with valid and odd words, from what the parser says there is."""
    draw = random.Random(f"command {number}")
    oddness = draw.choice((0, 0.05, 0.1, 0.3, 0.7))
    commands = {name: one for name, one in _subparsers(__main__._parser()).items() if name not in LEFT_OUT}
    names = sorted(commands)
    (name,) = draw.choices(names, [OFTEN.get(one, 1) for one in names])
    words, parser = [name], commands[name]
    if nested := _subparsers(parser):
        action = draw.choice(("add", *sorted(nested)))
        words, parser = [name, action], nested[action]

    def value(action: argparse.Action) -> str:
        return draw.choice(_odd(action, where) if draw.random() < oddness else _valid(action, where))

    words += [value(one) for one in parser._actions if not one.option_strings and draw.random() >= oddness / 10]
    words += BASES.get(name, []) if name != "train" or "pca" not in words else BASES["pca"]
    options = [one for one in parser._actions if one.option_strings and "--help" not in one.option_strings]
    wanted = [one for one in options if one.required and draw.random() >= oddness / 10]
    others = [one for one in options if not one.required]
    wanted += draw.sample(others, min(len(others), draw.choice((0, 1, 1, 2, 2, 3, 4))))
    for one in wanted:
        words.append(draw.choice(one.option_strings))
        if one.nargs != 0:
            words.append(value(one))
    if name == "export" and "--format" in words and draw.random() >= oddness:
        chosen = words[words.index("--format") + 1]
        words += ["--out", f"new{exports.FORMATS[chosen].extension}" if chosen in exports.FORMATS else "new"]
    if name == "sweep":
        words += ["--over", draw.choice(AXES if draw.random() < oddness else VALID["over"])]
    if draw.random() < oddness / 10:
        words.append(draw.choice(("--help", "--nothing", "more", *WORDS)))
    return words


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return {name: one for action in found for name, one in action.choices.items()}


def _valid(action: argparse.Action, where: Place) -> Sequence[str]:
    if action.dest in CHOICES:
        return CHOICES[action.dest]
    if action.choices is not None:
        return [str(one) for one in action.choices if one not in SLOW]
    return where.runs if action.dest == "run" else VALID.get(action.dest, WORDS)


def _odd(action: argparse.Action, where: Place) -> Sequence[str]:
    if action.dest in ("out", "into", "path", "storage", "store"):
        return _paths(where)
    return ODD.get(action.dest) or (WHOLE if action.type is int else REAL if action.type is float else WORDS)


def _paths(where: Place) -> tuple[str, ...]:
    """Paths to read or to write: files, folders, what is absent, and what cannot be."""
    named = (
        "images.npy", "images.npz", "noise", "noise.png", "noise.npy", "noise.md", "empty", "folder", "new.png",
        "new.gif", "new.json", "new", "new/deep/er", "a/below-a-file", "a" * 256, "a" * 252 + ".png", "folder/new.npz",
    )  # fmt: skip
    return (
        *(str(where.files / name) for name in named),
        "new.md",
        "new.png",
        "",
        ".",
        "~nobody-here/x",
        "sqlite://x/y",
    )


def fresh(where: Place) -> None:
    """What a case may change, as it was: the home `copy`, the data folder, and the file `marked.md`."""
    for name, original in (("copy", "home"), ("data", "data-copy")):
        shutil.rmtree(where.folder / name, ignore_errors=True)
        shutil.copytree(where.folder / original, where.folder / name)
    (where.folder / "marked.md").write_text(f"{certificate.BEGIN}\n{certificate.END}\n")


def run_command(words: Sequence[str], where: Place) -> tuple[int | None, str, str]:
    """Run a command line; its status, what it says on standard error, and what is wrong with that."""
    with mock.patch.dict(os.environ):
        os.environ["AECORE_HOME"] = str(where.folder / "copy")
        shutil.rmtree(where.folder / "new", ignore_errors=True)
        out, said = io.StringIO(), io.StringIO()
        status: int | None = None
        fault = ""
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(said),
            mock.patch("builtins.input", _no_answer),
        ):
            try:
                with _bounded():
                    status = __main__.main(words)
            except SystemExit as ended:
                status = int(ended.code or 0)
            except (Exception, EndlessError):
                fault = traceback.format_exc()
        datasets.load.cache_clear()
    return status, said.getvalue(), fault or _wrong(status, said.getvalue())


def _no_answer(question: str = "") -> str:
    raise EOFError


def _wrong(status: int | None, said: str) -> str:
    if status not in (0, 1, 2):
        return f"status {status}"
    if status and not said:
        return f"status {status} without a word"
    for line in said.splitlines():
        if not line.startswith("aecore: ") or len(line) > 1200:
            return f"no sentence: {line[:200]!r}"
    return ""


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# --- arrays ---

TYPES = (
    "uint8", "uint8", "uint8", "int8", "uint16", ">u2", "int64", "float16", "float32", ">f4", "float64", "bool",
    "complex64", "S3", "U3", "datetime64[s]", "object", "i4,f4",
)  # fmt: skip
SHAPES: tuple[tuple[int, ...], ...] = (
    (20, 8, 8), (20, 8, 8), (20, 28, 28), (12, 9, 11), (12, 8, 8, 1), (12, 8, 8, 3), (12, 8, 8, 4), (12, 8, 8, 2),
    (2, 8, 8), (3, 8, 8), (1, 8, 8), (0, 8, 8), (12, 0, 0), (12, 8, 0), (12, 1, 1), (3, 200, 150), (), (0,), (5,),
    (5, 64), (2, 2, 2, 2, 2),
)  # fmt: skip
FILLS = ("noise", "noise", "noise", "zeros", "equal", "nan", "inf")
LABELS = ("none", "none", "whole", "text", "bytes", "negative", "short", "long", "pairs", "many", "real", "object")
DAMAGES = ("", "", "", "", "", "cut", "head", "flipped", "empty", "other suffix", "no suffix", "huge shape")


def array_file(number: int, where: Place) -> tuple[Path, str]:
    """A file to add as a dataset, and what is in it."""
    draw = random.Random(f"array {number}")
    kind, shape, fill = draw.choice(TYPES), draw.choice(SHAPES), draw.choice(FILLS)
    labels, damage, packed = draw.choice(LABELS), draw.choice(DAMAGES), draw.random() < 0.5
    array = _array(np.random.default_rng(number), kind, shape, fill)
    if draw.random() < 0.2:
        array = np.asfortranarray(array)
    buffer = io.BytesIO()
    if packed:
        names = {draw.choice(("images", "images", "images", "images", "x")): array, **_labels(labels, shape)}
        np.savez(buffer, allow_pickle=True, **names)
    else:
        np.save(buffer, array, allow_pickle=True)
    data = _damaged(draw, buffer.getvalue(), damage)
    suffix = ".npz" if packed != (damage == "other suffix") else ".npy"
    path = where.folder / f"array{'' if damage == 'no suffix' else suffix}"
    path.write_bytes(data)
    return path, f"{kind} {shape} {fill}, labels {labels}, {'npz' if packed else 'npy'}{damage and ', ' + damage}"


def _array(noise: np.random.Generator, kind: str, shape: tuple[int, ...], fill: str) -> np.ndarray[Any, Any]:
    values = noise.integers(0, 200, shape)
    if fill in ("zeros", "equal"):
        values = np.full(shape, 0 if fill == "zeros" else 7)
    if kind == "object":
        return values.astype(object)
    if kind == "i4,f4":
        return np.zeros(shape, kind)
    made = values.astype(kind)
    if fill in ("nan", "inf") and made.dtype.kind == "f" and made.size:
        made.flat[0] = float(fill)
    return made


def _labels(kind: str, shape: tuple[int, ...]) -> dict[str, np.ndarray[Any, Any]]:
    count = shape[0] if shape else 1
    whole = np.arange(count) % 3
    found: dict[str, Callable[[], np.ndarray[Any, Any]]] = {
        "whole": lambda: whole, "text": lambda: whole.astype("U3"), "bytes": lambda: whole.astype("S3"),
        "negative": lambda: -whole, "short": lambda: whole[:-1], "long": lambda: np.arange(count + 5),
        "pairs": lambda: np.stack([whole, whole]), "many": lambda: np.arange(count), "real": lambda: whole + np.nan,
        "object": lambda: whole.astype(object),
    }  # fmt: skip
    return {"labels": found[kind]()} if kind in found else {}


def _damaged(draw: random.Random, data: bytes, damage: str) -> bytes:
    if damage == "cut":
        return data[: draw.randrange(len(data))]
    if damage == "head":
        return data[: draw.choice((1, 6, 8, 10, 60, 128))]
    if damage == "flipped":
        at = draw.randrange(min(len(data), 400))
        return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]
    if damage == "empty":
        return b""
    if damage == "huge shape":
        return data.replace(b"'shape': (", b"'shape': (9999999,", 1)
    return data


def run_array(number: int, where: Place) -> Outcome:
    """Add the array; where it is taken, train on it."""
    draw = random.Random(f"use of array {number}")
    path, text = array_file(number, where)
    name = f"array_{number}"
    words = ["data", "add", name, str(path)]
    words += draw.choice(([], [], ["--size", "8"], ["--size", "9"], ["--test-share", "0.9"]))
    status, said, fault = run_command(words, where)
    if not status and not fault:
        family = draw.choice(("pca", "ae", "vae", "logistic-pca", "adversarial-ae"))
        train = ["train", family, "--dataset", name, "--latent-dim", str(draw.choice((1, 2, 3)))]
        train += [] if family == "pca" else ["--epochs", "1"]
        train += draw.choice(([], ["--no-maps"]))
        status, said, fault = run_command(train, where)
        text += f", added; {' '.join(train)}"
    return Outcome(f"arrays:{number}", text, status, said, fault)


# --- addresses ---

PAGES = ("explore", "compare", "map", "train", "figures")
PARAMETERS = ("run", "start", "z", "panel", "view", "map", "figure", "study", "dataset", "epoch", "x")
VIEWS = (
    "principal", "principal 1", "0", "0 0 1", "nan nan nan", "1e999 0 0", "-1,-1", "{}", "[]", "null", "true", "A:B",
    "images", "directions", "interpolate", "neighbours", "models", "plausibility", "posterior",
)  # fmt: skip


def address(number: int, where: Place) -> tuple[str, dict[str, str]]:
    """A page and the parameters of its address."""
    draw = random.Random(f"address {number}")
    pools: dict[str, Sequence[str]] = {
        "run": (*where.runs, *where.runs, *where.runs, *WORDS),
        "start": (*VALID["code"], *CODES, *WORDS), "z": (*VALID["code"], *CODES, *WORDS, "A" * 5000),
        "map": ("pca", "tsne", "umap", *WORDS),
    }  # fmt: skip
    names = draw.sample(PARAMETERS, draw.choice((0, 1, 2, 3, 4)))
    # An address is text in UTF-8: lone surrogates cannot come from one.
    values = {name: draw.choice(pools.get(name, (*VIEWS, *WORDS, *WHOLE))) for name in names}
    return draw.choice(PAGES), {name: value.encode("utf-8", "replace").decode() for name, value in values.items()}


def run_address(number: int, where: Place) -> Outcome:
    """Open the page; an exception box is a fault."""
    page, parameters = address(number, where)
    app = AppTest.from_file(str(APP / "main.py"), default_timeout=SECONDS)
    for name, value in parameters.items():
        app.query_params[name] = value
    fault = ""
    try:
        app.switch_page(f"views/{page}.py").run()
        fault = "\n".join("\n".join((box.message, *box.stack_trace)) for box in app.exception)
    except Exception:
        fault = traceback.format_exc()
    said = " ".join(str(box.value) for box in (*app.error, *app.info, *app.warning))
    shown = {name: value if len(value) < 60 else f"{value[:60]}..." for name, value in parameters.items()}
    return Outcome(f"addresses:{number}", f"{page} {shown}", None, said, fault)


# --- all of them ---


def run(group: str, number: int, where: Place) -> Outcome:
    """Case `number` of a group."""
    fresh(where)
    if group == "arrays":
        return run_array(number, where)
    if group == "addresses":
        return run_address(number, where)
    words = command_line(number, where)
    return Outcome(f"commands:{number}", " ".join(map(repr, words)), *run_command(words, where))


def outcomes(group: str, step: int = 1) -> Iterator[Outcome]:
    """Every `step`-th case of a group."""
    if str(APP) not in sys.path:
        sys.path.insert(0, str(APP))
    streamlit.cache_resource.clear()  # what other tests have left there under the same names
    streamlit.cache_data.clear()
    with place() as where:
        for number in range(0, COUNTS[group], step):
            yield run(group, number, where)


def main() -> int:
    """Run what is named, or all; status 1 where something went wrong."""
    set_log_level("error")  # Streamlit would say at each page that nobody is there to see it
    if len(sys.argv) > 1:
        group, _, number = sys.argv[1].partition(":")
        if number:
            with place() as where:
                sys.path.insert(0, str(APP))
                print(*run(group, int(number), where), sep="\n")
            return 0
        groups = [group]
    else:
        groups = list(COUNTS)
    tried = sentences = faults = 0
    for group in groups:
        for outcome in outcomes(group):
            tried += 1
            sentences += bool(outcome.said)
            if outcome.fault:
                faults += 1
                print(f"{outcome.name}: {outcome.text[:400]}\n{outcome.fault[-1500:]}\n", flush=True)
    print(f"tried {tried}, sentences {sentences}, tracebacks {faults}")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
