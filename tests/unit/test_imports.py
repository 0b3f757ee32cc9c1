"""Imports point one way: what serves never imports what learns, and only the app knows a screen."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

# Every module of aecore stands in one of these three; a package's place is its modules' place.
SERVES = {
    "axes", "bound", "certificate", "config", "covariance", "datasets", "directions", "draft", "errors", "evaluation",
    "exports", "families", "figures", "files", "glide", "grids", "inverse", "javascript", "jobs", "latents", "locks",
    "memory", "neighbours", "optimised", "places", "plausible", "projection", "record", "roots", "run", "shipped",
    "space", "spectrum", "stacks", "store", "studies", "turns",
}  # fmt: skip
LEARNS = {
    "adam",
    "classifier",
    "distributed",
    "likelihoods",
    "mapped",
    "measures",
    "models",
    "muon",
    "nets",
    "replay",
    "sweep",
    "training",
    "vision",
    "waiting",
}
JOINS = {"__init__", "__main__", "commands", "experiment"}  # what brings the two together; the first one lazily

HEAVY = ("torch", "torchvision", "sklearn", "openTSNE", "umap", "numba")
NOT_FOR_SERVING = (*HEAVY, *(f"aecore.{name}" for name in LEARNS | JOINS - {"__init__"}))
# What serves and still needs a heavy package, inside the function that uses it.
LAZY = {
    ("datasets", "aecore.vision"), ("datasets", "sklearn"), ("projection", "openTSNE"), ("projection", "umap"),
}  # fmt: skip


class Import(NamedTuple):
    """`import a.b` has the target "a.b", `from a.b import c` "a.b.c"; `nested` in a function."""

    target: str
    nested: bool

    def of(self, package: str) -> bool:
        return f"{self.target}.".startswith(f"{package}.")


def imports(path: Path) -> list[Import]:
    """Every import of a file that runs, at its top or inside functions."""
    return list(_imports(ast.parse(path.read_text("utf-8")), nested=False))


def _imports(node: ast.AST, nested: bool) -> Iterator[Import]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, nested) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        yield from (Import(f"{node.module}.{alias.name}", nested) for alias in node.names)
    nested = nested or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, nested)


def attributes(path: Path) -> set[str]:
    """Every dotted name that a file reads, such as "torch.optim.Adam"."""
    return {
        ast.unparse(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)
    }


def place(path: Path) -> str:
    """The name in the three sets above."""
    return path.relative_to(ROOT / "aecore").parts[0].removesuffix(".py")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


LIBRARY = sorted((ROOT / "aecore").rglob("*.py"))
APP = sorted((ROOT / "app").rglob("*.py"))
SERVING = [path for path in LIBRARY if place(path) in SERVES]
MODELS = [path for path in LIBRARY if place(path) == "models" and path.stem not in ("__init__", "base")]


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


@each(LIBRARY)
def test_every_module_has_its_place(path: Path) -> None:
    assert place(path) in SERVES | LEARNS | JOINS


@each(SERVING)
def test_what_serves_never_imports_what_learns(path: Path) -> None:
    for found in imports(path):
        for package in NOT_FOR_SERVING:
            if found.of(package):
                assert found.nested and (place(path), package) in LAZY, f"{found.target} is imported"


@each(MODELS)
def test_a_model_never_imports_another_model(path: Path) -> None:
    others = [
        found.target for found in imports(path) if found.of("aecore.models") and not found.of("aecore.models.base")
    ]
    assert others == []


@each([path for path in LIBRARY if module_name(path) not in ("aecore.training", "aecore.adam", "aecore.muon")])
def test_only_training_knows_optimisers(path: Path) -> None:
    assert not [found.target for found in imports(path) if found.of("torch.optim")]
    assert not [name for name in attributes(path) if f"{name}.".startswith("torch.optim.")]


@each([path for path in (*LIBRARY, *APP) if module_name(path) not in ("aecore.files", "aecore.classifier")])
def test_tensors_are_saved_in_one_place(path: Path) -> None:
    """It makes arrays contiguous, which safetensors 0.8.0 does not ask for and needs."""
    assert not [found.target for found in imports(path) if found.target == "safetensors.numpy.save"]


@each(LIBRARY)
def test_only_the_app_knows_streamlit(path: Path) -> None:
    assert not [found.target for found in imports(path) if found.of("streamlit") or found.of("app")]


def test_the_library_has_no_import_cycle() -> None:
    names = {module_name(path) for path in LIBRARY}

    def module(target: str) -> str:
        return target if target in names else module(target.rpartition(".")[0])

    graph = {
        module_name(path): {module(found.target) for found in imports(path) if found.of("aecore")} for path in LIBRARY
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


@each(APP)
def test_the_app_uses_public_names_of_what_serves(path: Path) -> None:
    found = imports(path)
    assert not [one.target for one in found if any(one.of(package) for package in NOT_FOR_SERVING)]
    assert not [one.target for one in found if one.of("aecore") and "._" in one.target]
    bound = {one.target.rpartition(".")[2] for one in found if one.of("aecore")}
    assert not [name for name in attributes(path) if name.split(".")[0] in bound and "._" in name]


@each(APP)
def test_only_runs_caches(path: Path) -> None:
    if path != ROOT / "app" / "runs.py":
        assert not [name for name in attributes(path) if name.startswith("st.cache_")]


def test_charts_know_no_screen() -> None:
    assert not [found.target for found in imports(ROOT / "app" / "charts.py") if found.of("streamlit")]


def test_serving_loads_nothing_heavy() -> None:
    modules = ["aecore", *(module_name(path) for path in SERVING)]
    script = f"import sys, {', '.join(modules)}; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {*HEAVY, "scipy", "pandas", "streamlit", "optuna"} & set(loaded.stdout.split())
