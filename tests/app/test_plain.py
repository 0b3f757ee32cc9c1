"""No page reads names from addresses, files and records as Markdown: whatever Streamlit gets of them is escaped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import charts
import groups
import pytest
from google.protobuf.message import Message
from plain import plain, said
from streamlit.testing.v1 import AppTest

from aecore import AecoreError, datasets, figures, make_config, store, studies
from aecore.__main__ import main
from aecore.axes import parse_all
from aecore.datasets import Row, own
from aecore.record import RECORD

EVIL = "![a](b) <i>c<i> *d* :red[e] :smile: $f$"  # what it would become is harmless
PAGES = ("explore", "compare", "map", "train", "figures")

# What shows text as it is, or HTML that `test_scores` looks at.
TEXT = {
    "selectbox",
    "multiselect",
    "text_input",
    "number_input",
    "slider",
    "code",
    "bidi_component",
    "checkbox",
    "html",
}
# Fields that nobody reads.
UNSEEN = {"id", "key", "url", "query_string", "form_id", "page", "page_script_hash", "icon", "default", "alt", "markup"}


def shown(app: AppTest) -> list[str]:
    """All text that Streamlit is told to show as Markdown."""
    return [text for node in walk(app._tree) for text in strings(node)]


def walk(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", {}).values():
        yield from walk(child)


def strings(node: Any) -> Iterator[str]:
    proto = getattr(node, "proto", None)
    if proto is not None and getattr(node, "type", "") not in TEXT:
        yield from fields(proto)


def fields(proto: Message) -> Iterator[str]:
    for field, value in proto.ListFields():
        for one in value if isinstance(value, list) or hasattr(value, "append") else [value]:
            if isinstance(one, Message):
                yield from fields(one)
            elif isinstance(one, str) and field.name not in UNSEEN:
                yield one


def check(app: AppTest, *names: str) -> None:
    """Nothing of `EVIL` is shown as Markdown unescaped, and each of the names is shown."""
    assert not app.exception
    told = shown(app)
    left = [text.replace(plain(EVIL), "") for text in told]
    assert [text for text in left if "![a" in text or "<i>" in text or "*d*" in text or ":smile:" in text] == []
    for name in names:
        assert any(plain(name) in text for text in told), (name, told)


def opened(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(Path(charts.__file__).parent / "main.py"), default_timeout=60)
    app.switch_page(f"views/{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.parametrize(
    ("page", "address", "named"),
    [
        ("explore", {"run": EVIL}, True),
        ("explore", {"start": EVIL}, True),
        ("explore", {"z": EVIL}, False),
        ("explore", {"panel": EVIL, "view": EVIL}, False),
        ("map", {"run": EVIL}, True),
        ("map", {"map": EVIL}, True),
        ("compare", {"run": EVIL}, False),
        ("train", {"run": EVIL}, False),
        ("figures", {"run": EVIL}, False),
    ],
)
def test_an_address_is_text(page, address, named, home):
    check(opened(page, **address), *([EVIL] if named else []))


@pytest.fixture
def renamed(monkeypatch):
    """Fashion-MNIST with a title and classes of a person's own."""
    fashion = datasets.load("fashion_mnist")
    classes = tuple(f"{EVIL} {label}" for label in range(10))
    dataset = replace(fashion, title=EVIL, licence=EVIL, classes=classes)
    monkeypatch.setitem(datasets.DATASETS, "fashion_mnist", Row(EVIL, lambda: dataset))
    datasets.load.cache_clear()
    yield
    datasets.load.cache_clear()


@pytest.mark.parametrize("page", PAGES)
def test_titles_and_classes_are_text(page, home, renamed):
    check(opened(page))


def test_titles_on_buttons_are_text(nothing, renamed, monkeypatch):
    """Few runs stand on buttons, which read Markdown, many in a list, which does not."""
    few = few_runs(nothing, "ae", "vae")
    for page in ("explore", "map"):
        check(opened(page))
    assert len(few) == 2
    check(opened("compare"))


def few_runs(home, *families):
    """The chapter's runs of some families as a person's own."""
    source = Path(store.__file__).resolve().parent.parent / "checkpoints"
    ids = [make_config(family).run_id for family in families]
    for run_id in ids:
        shutil.copytree(source / run_id, home / "runs" / run_id)
    return ids


def test_a_run_of_a_dataset_with_any_name_is_text_on_every_page(nothing):
    """Such a run is listed, or named among the damaged: in either case by its name as it is."""
    (run_id,) = few_runs(nothing, "ae")
    record = json.loads((nothing / "runs" / run_id / RECORD).read_text())
    record["config"]["dataset"] = EVIL
    (nothing / "runs" / run_id / RECORD).write_text(json.dumps(record))
    (nothing / "runs" / run_id).rename(nothing / "runs" / run_id.replace("fashion_mnist", EVIL))
    for page in PAGES:
        check(opened(page))


def test_own_runs_can_be_deleted_by_their_name(nothing, renamed):
    few_runs(nothing, "ae")
    app = opened("train")
    app.multiselect(key="watch").set_value([make_config("ae").run_id]).run()
    check(app, EVIL)


@pytest.mark.parametrize("state", ["failed", "queued", "paused", EVIL])
def test_what_a_training_said_is_text(state, draft, renamed):
    draft(make_config("ae", latent_dim=7, epochs=3), state, message=EVIL)
    check(opened("train"), EVIL)


def test_the_message_of_an_attempt_is_text(home, monkeypatch):
    def refuse(*_):
        raise AecoreError(EVIL)

    monkeypatch.setattr("aecore.jobs.start", refuse)
    app = opened("train")
    app.number_input(key="ae fast latent_dim").set_value(9).run()
    app.button(key="start").click().run()
    check(app, EVIL)


def test_a_study_is_text(home):
    """A folder's name, whatever it is: the study cannot be read, and what is asked before it is deleted names it."""
    base = make_config("ae", "fast", epochs=2)
    studies.join("mine", studies.plan(base, parse_all(["lr=0.001..0.1:log"], base), 100))
    (home / "studies" / "mine").rename(home / "studies" / EVIL)
    app = opened("train")
    app.session_state["search"] = True
    check(app.run(), EVIL)


def test_the_message_of_a_search_is_text(home, monkeypatch, renamed):
    base = make_config("ae", "fast", epochs=2)
    studies.join("mine", studies.plan(base, parse_all(["lr=0.001..0.1:log"], base), 100))
    monkeypatch.setattr(studies.Study, "message", EVIL)
    app = opened("train")
    app.session_state["search"] = True
    check(app.run(), EVIL)


def test_figures_that_came_with_a_run_are_text(home, monkeypatch):
    def refuse(name):
        raise AecoreError(EVIL)

    figure = replace(figures.kept("12.3a"), title=EVIL, caption=EVIL)
    monkeypatch.setattr(figures, "kept", lambda name: figure)
    monkeypatch.setattr(figures, "make", refuse)
    check(opened("figures"), EVIL)
    monkeypatch.setattr(figures, "kept", lambda name: None)
    check(opened("figures"), EVIL)


def test_an_absent_dataset_is_named_as_text(home, monkeypatch):
    def refuse():
        raise AecoreError(EVIL)

    monkeypatch.setitem(datasets.DATASETS, "fashion_mnist", Row(EVIL, refuse))
    datasets.load.cache_clear()
    for page in PAGES:
        check(opened(page), EVIL)
    datasets.load.cache_clear()


def test_charts_are_told_text():
    import numpy as np

    figure = charts.pca_curve(np.linspace(9, 0, 10), [charts.Match("<a href='b'>c</a> %{x}", 3.0, 2)])
    trace = figure.data[1]
    assert trace.name == "&lt;a href=&#x27;b&#x27;&gt;c&lt;/a&gt; &#37;{x}"
    assert trace.hovertemplate.startswith(trace.name)


def test_commands_in_sentences_stay_code():
    assert said("It is not here: run `aecore fetch mnist`, or put *x* there.") == (
        r"It is not here: run `aecore fetch mnist`, or put \*x\* there."
    )
    assert said("a `b` c") == r"a \`b\` c"
    assert said("```python x```") == r"\`\`\`python x\`\`\`"


def test_ordinary_names_are_not_touched():
    for name in ("AE · 20-d · Fashion-MNIST · 100 epochs", "The share (a_b) must lie in [0, 1]; not 3.5 %.", ""):
        assert plain(name) == said(name) == name


@pytest.mark.parametrize("content", ["null", "3", "[]", "{", '{"classes": {"a": 1}, "checksums": null}'])
def test_damaged_own_images_stop_no_page(content, home, tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8))
    assert main(["data", "add", "mine", str(tmp_path / "a.npy")]) == 0
    (own._home() / "mine" / "meta.json").write_text(content)
    for page in PAGES:
        assert not opened(page).exception
    app = opened("train")
    app.selectbox(key="ae fast dataset").set_value("mine").run()
    assert not app.exception
    assert any("damaged" in error.value for error in app.error)


def test_a_group_keeps_its_name_as_it_is(home):
    app = opened("explore")
    app.session_state[groups.KEY] = [groups.Group(EVIL, "fashion_mnist", (1, 2))]
    check(app.run())
