"""Every export is read back with the program it is for, and holds the run's own numbers."""

import base64
import csv
import gzip
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load

from aecore import AecoreError, RunConfig, datasets, exports, latents, load_or_train, make_config, store
from aecore.__main__ import main
from aecore.exports import View
from aecore.exports.epochs import COLOURS
from aecore.exports.network import ENDS
from aecore.places import code_at, decode_code, normals
from aecore.stacks import ACTIVATIONS, Layer, Stack

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tiny):
    return load_or_train(RunConfig("vae", dataset="tiny", latent_dim=3, epochs=2, batch_size=64, hidden=(16,)))


@pytest.fixture
def ae(tiny):
    return load_or_train(RunConfig("ae", dataset="tiny", latent_dim=2, epochs=1, hidden=(8,), activation="silu"))


def only(files):
    (data,) = files.values()
    return data


# --- places ---


def test_places(run, ae):
    np.testing.assert_array_equal(code_at(run, "test-12"), run.codes[12])
    np.testing.assert_allclose(code_at(run, "mean-1"), run.codes[1::2].mean(0), atol=1e-6)
    np.testing.assert_array_equal(code_at(run, "zero"), np.zeros(3))
    np.testing.assert_array_equal(code_at(run, "sample-7"), normals(7, 3))  # a VAE has a prior
    gaussian = latents.fit_gaussian(ae.codes)
    np.testing.assert_allclose(code_at(ae, "sample-7"), gaussian.mean + gaussian.cholesky @ normals(7, 2), atol=1e-6)
    np.testing.assert_array_equal(code_at(ae, "AACAPwAAAL8"), [1, -0.5])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("test-100", "no start"), ("mean-2", "no start"), ("sample-4294967296", "no start"), ("", "no code"),
        ("nowhere", "no code"), ("AACAfwAAgH8", "no code"), ("AACAPw", "1 numbers"),
    ],
)  # fmt: skip
def test_what_is_no_place(ae, text, told):
    with pytest.raises(AecoreError, match=told):
        code_at(ae, text)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_sample_is_the_one_that_the_page_draws():
    starts = (ROOT / "app" / "components" / "explorer" / "starts.js").as_uri()
    script = f"import {{ normals }} from '{starts}'; console.log(JSON.stringify([...normals(4294967295, 9)]))"
    ended = subprocess.run(
        ["node", "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(normals(4294967295, 9), json.loads(ended.stdout), rtol=1e-6)


def test_normals_are_normal():
    drawn = normals(0, 20_000)
    assert abs(drawn.mean()) < 0.03 and abs(drawn.std() - 1) < 0.02


# --- formats ---


def test_png_is_the_picture_enlarged(run):
    with Image.open(io.BytesIO(only(exports.make("png", View(run, "test-3", scale=4))))) as image:
        shown = np.asarray(image)
    expected = datasets.load("tiny").grey(run.decode(run.codes[3:4])).reshape(8, 8)
    assert shown.shape == (32, 32)
    np.testing.assert_array_equal(shown[::4, ::4], expected)
    np.testing.assert_array_equal(shown[3::4, 3::4], expected)


def test_png_of_a_walk_is_a_strip_between_its_ends(run):
    view = View(run, "test-0", to="test-9", scale=1)
    with Image.open(io.BytesIO(only(exports.make("png", view)))) as image:
        strip = np.asarray(image)
    assert strip.shape == (8, 88)
    np.testing.assert_array_equal(strip[:, :8], view.decoded(run.codes[:1])[0])
    np.testing.assert_array_equal(strip[:, -8:], view.decoded(run.codes[9:10])[0])


def test_a_walk_along_a_dimension_moves_that_alone(run):
    walk = View(run, "test-5", dimension=1).walk(7)
    np.testing.assert_array_equal(walk[:, [0, 2]], np.tile(run.codes[5, [0, 2]], (7, 1)))
    np.testing.assert_allclose(walk[[0, -1], 1], latents.ranges(run.codes, prior=True)[1], rtol=1e-6)
    arc = View(run, "sample-1", to="sample-2", way="slerp").walk(5)
    np.testing.assert_allclose(arc, latents.slerp(normals(1, 3), normals(2, 3), np.linspace(0, 1, 5)), rtol=1e-6)


def test_gif_goes_there_and_back_for_ever(run):
    view = View(run, dimension=0, scale=2)
    with Image.open(io.BytesIO(only(exports.make("gif", view)))) as image:
        assert image.info["loop"] == 0
        frames = []
        for at in range(image.n_frames):
            image.seek(at)
            frames.append((np.asarray(image.convert("L"))[::2, ::2], image.info["duration"]))
    # frames that look alike are stored once, for longer
    assert sum(duration for _, duration in frames) == 60 * 60
    there = view.decoded(view.walk(31))
    np.testing.assert_array_equal(frames[0][0], there[0])
    assert any(np.array_equal(frame, there[-1]) for frame, _ in frames)


# --- films of the epochs ---


def _frames(data):
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["loop"] == 0
        found = []
        for at in range(image.n_frames):
            image.seek(at)
            found.append((np.asarray(image.convert("RGB")).astype(int), image.info["duration"]))
    return found


def test_a_film_has_a_frame_an_epoch_with_grid_map_and_strip(run):
    frames = _frames(only(exports.make("epochs-gif", View(run))))
    assert [duration for _, duration in frames] == [120, 2000]  # of two epochs
    for epoch, (frame, _) in enumerate(frames, 1):
        assert frame.shape == (48 + 320 + 8 + 64, 704, 3)  # 8 pixels a side are 32 here
        with Image.open(run.grid(epoch)) as grid, Image.open(run.grid(epoch, "traversals")) as strip:
            for shown, stored, times in ((frame[48:368, :320], grid, 4), (frame[376:], strip, 8)):
                assert np.abs(shown[::times, ::times, 0] - np.asarray(stored)).max() <= 1
                assert (shown == shown[..., :1]).all()  # grey
        film_map = frame[48:368, 352:672]
        assert {(126, 181, 218), (48, 134, 0)} <= {tuple(pixel) for pixel in film_map.reshape(-1, 3)}  # two classes
    assert (frames[0][0][:48] != frames[1][0][:48]).any()  # the epoch is told


def test_a_film_of_a_run_without_maps_is_its_grids(run):
    for kind in ("points", "traversals"):
        for epoch in run.epochs(kind):
            run.grid(epoch, kind).unlink()
    frames = _frames(only(exports.make("epochs-gif", View(run))))
    assert [frame.shape for frame, _ in frames] == [(368, 320, 3)] * 2


def test_a_film_of_no_epochs_says_so(run):
    for path in (run.path / "epochs").iterdir():
        path.unlink()
    for name in ("epochs-gif", "epochs-mp4"):
        with pytest.raises(AecoreError, match="No epochs of"):
            exports.make(name, View(run))


def test_an_mp4_glides_from_epoch_to_epoch(run):
    import av

    with av.open(io.BytesIO(only(exports.make("epochs-mp4", View(run))))) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 33)
    assert [frame.shape for frame in frames] == [(440, 704, 3)] * (1 + 4 + 2000 // 30)
    with Image.open(run.grid(2)) as grid:
        assert np.abs(frames[-1][48:368:4, 0:320:4, 0] - np.asarray(grid)).mean() < 12  # lossy
    maps = [frame[48:368, 352:672] for frame in frames[:5]]
    assert all((np.abs(a - b) > 60).any() for a, b in pairwise(maps))  # every frame moves the points


def test_films_have_the_colours_of_the_map():
    page = (ROOT / "app" / "components" / "atlas" / "palette.js").read_text("utf-8")
    light = page[page.index("LIGHT = [") : page.index("];")]
    assert tuple(re.findall(r"#[0-9a-f]{6}", light)) == COLOURS


def test_json_and_npz_hold_the_code_exactly(run):
    view = View(run, "test-4", to="zero")
    told = json.loads(only(exports.make("json", view)))
    np.testing.assert_array_equal(np.float32(told["z"]), run.codes[4])
    assert (told["run"], told["code"], len(told["walk"])) == (run.run_id, "test-4", 11)
    with np.load(io.BytesIO(only(exports.make("npz", view))), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["z"], run.codes[4])
        np.testing.assert_array_equal(arrays["x_hat"], run.decode(run.codes[4:5])[0])
        np.testing.assert_array_equal(arrays["walk_x_hat"], run.decode(arrays["walk_z"]))
    assert "walk" not in json.loads(only(exports.make("json", View(run))))


def test_an_mp4_has_its_index_first(run):
    data = only(exports.make("epochs-mp4", View(run)))
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_onnx_models_are_of_a_version_that_every_runtime_reads(run):
    """onnx 1.23's own default (IR 14, opset 28) loads in onnxruntime 1.32 and is refused by onnxruntime-web 1.30."""
    import onnx

    for data in exports.make("onnx", View(run)).values():
        read = onnx.load_from_string(data)
        assert (read.ir_version, [(one.domain, one.version) for one in read.opset_import]) == (8, [("", 17)])


def test_a_model_that_no_runtime_loads_is_not_written():
    """onnx's checker passes float16 weights beside a float32 input, unless it checks everything."""
    import onnx

    from aecore.exports.network import model

    half = Stack((Layer(np.zeros((2, 3), np.float16), np.zeros(2, np.float16), "linear"),))
    with pytest.raises(onnx.shape_inference.InferenceError):
        model("encoder", half, "")


def test_onnx_takes_a_transposed_weight(run):
    from aecore.exports.network import model

    random = np.random.default_rng(0)
    weight, x = random.standard_normal((4, 5), np.float32).T, random.standard_normal((3, 4), np.float32)
    stack = Stack((Layer(weight, np.zeros(10, np.float32)[::2], "linear"),))
    y, _ = _ran(model("encoder", stack, "").SerializeToString(), x)
    np.testing.assert_allclose(y, x @ weight.T, atol=1e-5)


def _ran(data, x):
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (source,), (target,) = session.get_inputs(), session.get_outputs()
    return session.run(None, {source.name: x})[0], (source.name, target.name)


def test_onnx_agrees_with_torch(run):
    import torch

    from aecore.nets import from_stack

    files = exports.make("onnx", View(run))
    assert set(files) == {f"{run.run_id}.{name}.onnx" for name in ("encoder", "decoder", "logvar")}
    random = np.random.default_rng(0)
    for name, stack in run.stacks.items():
        x = random.random((17, stack.layers[0].weight.shape[1]), np.float32)
        y, ends = _ran(files[f"{run.run_id}.{name}.onnx"], x)
        with torch.no_grad():
            expected = from_stack(stack)(torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5)
        assert ends == ENDS[name]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnx_knows_every_activation(activation):
    from aecore.exports.network import model

    random = np.random.default_rng(0)
    weight, bias = random.standard_normal((5, 4), np.float32), random.standard_normal(5, np.float32)
    stack = Stack((Layer(weight, bias, activation), Layer(weight[:, :1].T.copy(), bias[:1], "linear")))
    x = random.standard_normal((3, 4), np.float32)
    y, _ = _ran(model("encoder", stack, "").SerializeToString(), x)
    np.testing.assert_allclose(y, stack(x), atol=1e-5)


def test_parquet_has_a_row_an_image(run):
    from pyarrow import parquet

    run.save_map("pca", np.arange(200, dtype=np.float32).reshape(100, 2))
    table = parquet.read_table(io.BytesIO(only(exports.make("parquet", View(run)))))
    names = ["index", "label", "class", "z0", "z1", "z2", "bce", "sse", "map_pca_x", "map_pca_y"]
    assert sorted(table.column_names) == sorted(names)
    np.testing.assert_array_equal(np.stack([table[f"z{j}"] for j in range(3)], axis=1), run.codes)
    np.testing.assert_array_equal(table["sse"], run.errors["sse"])
    np.testing.assert_array_equal(table["map_pca_y"], np.arange(1, 200, 2))
    assert table["class"].to_pylist()[:3] == ["even", "odd", "even"]
    assert table.schema.metadata[b"run"].decode() == run.run_id


def test_parquet_holds_the_pictures_where_they_are_asked_for(run, tmp_path):
    import pyarrow
    from pyarrow import parquet

    assert main(["export", run.run_id, "--format", "parquet", "--images", "--out", str(tmp_path / "a.parquet")]) == 0
    column = parquet.read_table(tmp_path / "a.parquet")["image"]
    assert column.type == pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    images = column.to_pylist()
    assert [image["path"] for image in images[:2]] == ["test-0.png", "test-1.png"]
    with Image.open(io.BytesIO(images[7]["bytes"])) as picture:
        np.testing.assert_array_equal(np.asarray(picture), datasets.load("tiny").test_images[7])


def _projected(files):
    tensors = np.loadtxt(io.BytesIO(files["tensors.tsv"]), delimiter="\t", dtype=np.float32, ndmin=2)
    lines = io.StringIO(files["metadata.tsv"].decode())
    metadata = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    with Image.open(io.BytesIO(files["sprite.png"])) as sprite:
        return tensors, metadata, np.asarray(sprite), json.loads(files["projector_config.json"])["embeddings"][0]


def test_projector_files_fit_together(run):
    tensors, metadata, sprite, config = _projected(exports.make("projector", View(run)))
    np.testing.assert_array_equal(tensors, run.codes)
    assert config["tensorShape"] == [100, 3]
    assert [row["label"] for row in metadata] == [str(label) for label in datasets.load("tiny").test_labels]
    assert float(metadata[7]["sse"]) == run.errors["sse"][7]
    assert sprite.shape == (80, 80)
    np.testing.assert_array_equal(sprite[8:16, 16:24], datasets.load("tiny").test_images[12])


def test_what_one_sprite_cannot_hold_becomes_parts(run, monkeypatch):
    monkeypatch.setattr("aecore.exports.projector.SPRITE_SIDE", 48)
    files = exports.make("projector", View(run))
    config = json.loads(files["projector_config.json"])["embeddings"]
    assert [part["tensorShape"][0] for part in config] == [36, 36, 28]
    assert config[2]["tensorName"] == f"{run.title}, images 72 to 99"
    for start, part in zip((0, 36, 72), config, strict=True):
        tensors = np.loadtxt(io.BytesIO(files[part["tensorPath"]]), delimiter="\t", dtype=np.float32)
        np.testing.assert_array_equal(tensors, run.codes[start : start + 36])
        rows = files[part["metadataPath"]].decode().splitlines()
        assert rows[1].split("\t")[0] == str(start)
        with Image.open(io.BytesIO(files[part["sprite"]["imagePath"]])) as sprite:
            assert sprite.size == (48, 48)


def test_a_sprite_is_a_square_grid(run, monkeypatch):
    tiny = datasets.load("tiny")
    served(monkeypatch, replace(tiny, read=lambda part: tiny.read(part)[:6]))
    short = SimpleNamespace(
        run_id="r", title="R", config=run.config, codes=run.codes[:6], errors={}, maps={}, dataset=datasets.load("tiny")
    )
    _, _, sprite, _ = _projected(exports.make("projector", View(short)))
    assert sprite.shape == (24, 24)  # 3 x 3, though 3 x 2 would hold six
    assert not sprite[16:].any()


def test_projector_metadata_quote_nothing_and_break_nowhere(run, monkeypatch):
    names = ('disc 5" wide', "ring\tsmall\r\u2028\x85", "two\nlines")
    tiny = datasets.load("tiny")
    served(monkeypatch, replace(tiny, classes=names, read=lambda part: _thirds(tiny.read(part), part)))
    files = exports.make("projector", View(run))
    lines = files["metadata.tsv"].decode().split("\n")
    assert len(lines) == 102 and lines[-1] == ""
    rows = [line.split("\t") for line in lines[:-1]]
    assert rows[0] == ["index", "label", "class", "sse", "bce"]
    assert [row[2] for row in rows[1:4]] == ['disc 5" wide', "ring small   ", "two lines"]
    assert {len(row) for row in rows} == {5}


def served(monkeypatch, dataset):
    """Let that be the dataset of the run."""
    monkeypatch.setitem(datasets.DATASETS, "tiny", datasets.Row("Tiny", lambda: dataset))
    datasets.load.cache_clear()


def _thirds(array, part):
    return (np.arange(len(array)) % 3).astype(np.uint8) if part.endswith("labels") else array


def test_the_projector_gets_two_columns_of_a_code_of_one_number(tiny):
    run = load_or_train(RunConfig("ae", dataset="tiny", latent_dim=1, epochs=1, hidden=(8,)))
    tensors, _, _, config = _projected(exports.make("projector", View(run)))
    assert config["tensorShape"] == [100, 2]
    np.testing.assert_array_equal(tensors, np.pad(run.codes, ((0, 0), (0, 1))))


def test_tensorboard_shows_the_projector_files(run, tmp_path, monkeypatch):
    """The real program, with a title that its text format has to escape."""
    monkeypatch.setattr(type(run), "title", 'AE "é" \\ \n :red[x]')
    exports.write("projector", View(run), tmp_path)
    with tensorboard(tmp_path) as ask:
        (name,) = json.loads(ask("runs"))
        (told,) = json.loads(ask("info", run=name))["embeddings"]
        assert (told["tensorName"], told["tensorShape"]) == (run.title, [100, 3])
        tensors = np.frombuffer(ask("tensor", run=name, name=run.title), np.float32).reshape(100, 3)
        np.testing.assert_array_equal(tensors, run.codes)
        assert ask("metadata", run=name, name=run.title) == (tmp_path / "metadata.tsv").read_bytes()
        assert ask("sprite_image", run=name, name=run.title) == (tmp_path / "sprite.png").read_bytes()


@contextmanager
def tensorboard(folder):
    """Serves a log folder; yields what asks its projector."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--host", "127.0.0.1",
               "--port", str(port), "--load_fast", "false"]  # fmt: skip
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def ask(what, **wishes):
        address = f"http://127.0.0.1:{port}/data/plugin/projector/{what}?{urlencode(wishes)}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            data = answer.read()
            return gzip.decompress(data) if answer.headers.get("Content-Encoding") == "gzip" else data

    try:
        deadline = time.monotonic() + 120
        while not _answers(ask):
            assert server.poll() is None and time.monotonic() < deadline, (folder / "log.txt").read_text()
            time.sleep(0.1)
        yield ask
    finally:
        server.terminate()
        server.wait(30)


def _answers(ask):
    try:
        return bool(json.loads(ask("runs")))
    except OSError:
        return False


def test_zipped_files_come_back(run):
    files = exports.make("projector", View(run))
    packed = exports.zipped(files)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == dict(files)
    assert exports.zipped(files) == packed


# --- the command line ---


@pytest.mark.parametrize("name", exports.FORMATS)
def test_the_command_line_writes_every_format(run, name, tmp_path, capsys):
    extension = exports.FORMATS[name].extension
    place = tmp_path / f"out{extension}"
    assert main(["export", run.run_id, "--format", name, "--out", str(place)]) == 0
    told = [Path(line) for line in capsys.readouterr().out.splitlines()]
    files = exports.make(name, View(run))
    assert sorted(told) == sorted([place] if extension else [place / file for file in files])
    assert [path.read_bytes() for path in told] == list(files.values())


def test_the_command_line_passes_every_wish_on(run, tmp_path):
    place = tmp_path / "a.json"
    wishes = ["--from", "sample-1", "--to", "sample-2", "--way", "slerp"]
    assert main(["export", run.run_id, "--format", "json", "--out", str(place), *wishes]) == 0
    expected = View(run, "sample-1", to="sample-2", way="slerp").walk(11)
    np.testing.assert_allclose(json.loads(place.read_text())["walk"], expected)


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        (["--format", "exe"], "There is no format 'exe'"),
        (["--format", "gif"], "end in .gif"),
        (["--format", "png", "--code", "test-100"], "no start 'test-100'"),
        (["--format", "png", "--dimension", "3"], "no dimension 3"),
        (["--format", "png", "--dimension", "0", "--to", "zero"], "not both"),
        (["--format", "png", "--scale", "0"], "scale"),
        (["--format", "png", "--dimension", "one"], "invalid int"),
        (["--format", "projector", "--to", "zero"], "no use for 'to'"),
        (["--format", "onnx"], "cannot be written"),
    ],
)
def test_a_wrong_wish_gets_one_sentence_and_no_file(run, wishes, told, tmp_path, capsys):
    place = tmp_path / "out.png"
    if "onnx" in wishes:
        place.write_bytes(b"a file where a folder should be")
    before = sorted(tmp_path.rglob("*"))
    try:
        status = main(["export", run.run_id, "--out", str(place), *wishes])
    except SystemExit as stopped:
        status = stopped.code
    told_to, error = capsys.readouterr()
    assert (status, told_to, error.count("\n")) == (2, "", 1)
    assert told in error
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unknown_run(tiny, tmp_path, capsys):
    assert main(["export", "ae-nothing", "--format", "png", "--out", str(tmp_path / "a.png")]) == 2
    assert "There is no run 'ae-nothing'" in capsys.readouterr().err


# --- the page ---


@pytest.fixture(scope="module")
def shipped():
    return next(run for run in store.runs() if run.config == make_config("ae"))


def _blobs(page):
    found = re.findall(r'<script type="text/plain" data-blob="(.*?)">(.*?)</script>', page)
    return {key: gzip.decompress(base64.b64decode(text)) for key, text in found}


def test_the_page_holds_the_model_and_the_first_test_images_exactly(shipped):
    page = only(exports.make("html", View(shipped)))
    assert len(page) < 4_000_000
    blobs = _blobs(page.decode())
    assert blobs[f"weights/{shipped.run_id}/{shipped.version}"] == shipped.weights()
    codes, images = (
        load(blobs[f"codes/{shipped.run_id}/{shipped.version}"]),
        load(blobs[f"images/fashion_mnist/{shipped.dataset.version}"]),
    )
    assert codes.keys() == {"codes", "sse", "bce"}
    np.testing.assert_array_equal(codes["codes"], shipped.codes[:1500])
    layout = load(blobs[f"map/{shipped.run_id}/{shipped.version}/tsne"])["points"]
    np.testing.assert_array_equal(layout, shipped.maps["tsne"][:1500])
    np.testing.assert_array_equal(images["images"], datasets.load("fashion_mnist").test_images[:1500])
    told = page.decode()
    assert f"SSE {shipped.evaluation['sse']:.2f}" in told
    assert f"{shipped.evaluation['bce_floor']:.2f}" in told
    assert "of 10,000 test images with their codes and maps the first 1,500" in told
    assert "aecore train ae" in told


def test_every_shipped_20d_fashion_page_is_under_4_mb():
    runs = [r for r in store.runs() if (r.config.dataset, r.config.latent_dim) == ("fashion_mnist", 20)]
    assert runs
    assert [run.run_id for run in runs if len(only(exports.make("html", View(run)))) >= 4_000_000] == []


def test_no_text_ends_a_script_early(shipped):
    page = only(exports.make("html", View(shipped))).decode()
    assert page.count("<script") == page.count("</script>")


@pytest.mark.parametrize(
    ("code", "start", "moved"),
    [("test-7", "test-7", False), ("test-5000", "test-0", True), ("mean-3", "mean-3", False), ("zero", "zero", False)],
)
def test_the_page_opens_where_it_is_told(shipped, code, start, moved):
    page = only(exports.make("html", View(shipped, code))).decode()
    place = json.loads(re.search(r'id="facts">(.*?)</script>', page)[1])["place"]
    assert place["start"] == start
    assert (place["z"] is not None) == moved
    if moved:
        np.testing.assert_array_equal(decode_code(place["z"]), shipped.codes[5000])


def test_a_small_run_without_maps_has_a_page_too(run):
    page = only(exports.make("html", View(run))).decode()
    assert load(_blobs(page)[f"codes/{run.run_id}/{run.version}"])["codes"].shape == (100, 3)
    assert "all test images" in page


def test_without_the_app_the_page_says_what_is_missing(run, monkeypatch, tmp_path):
    monkeypatch.setattr("aecore.exports.page.COMPONENTS", tmp_path / "none")
    with pytest.raises(AecoreError, match="pip install -e"):
        exports.make("html", View(run))
