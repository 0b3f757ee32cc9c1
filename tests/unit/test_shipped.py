"""The runs that come with the project: complete, unchanged, and as good as the README says."""

import re
from pathlib import Path

import pytest

from aecore import datasets, evaluation, store
from aecore.shipped import SHIPPED

README = Path(__file__).parents[2] / "README.md"
RUNS = [config.run_id for config in SHIPPED]


@pytest.fixture(scope="module", params=RUNS)
def run(request):
    return store.load(request.param)


@pytest.fixture(scope="module")
def table(run):
    """The evaluation, made anew from the weights file and the 10,000 test images."""
    images = datasets.load(run.config.dataset).test_images
    return evaluation.evaluate(run.run_id, run.config, run.stacks, images, run.record["epochs"]).evaluation


def test_it_is_complete(run):
    assert run.shipped
    assert {"pca", "tsne"} <= run.maps.keys()
    assert len(run.history()) == len(run.epochs()) == max(1, run.record["epochs"])
    assert run.codes.shape == (10_000, run.config.latent_dim)


def test_it_scores_what_it_scored_when_it_was_made(run, table):
    for name, value in run.evaluation.items():
        assert table[name] == (pytest.approx(value, rel=1e-4) if isinstance(value, float | list) else value)


def test_it_is_as_good_as_the_chapter(run, table):
    """The chapter's recipe, run in Keras, ends at 7.84 SSE and 214.35 nats (AE), 222.29 + 16.28 nats (VAE)."""
    assert table["bce_floor"] == pytest.approx(189.86, abs=0.01)
    if run.config.family == "ae":
        assert table["sse"] <= 7.75
        assert table["bce"] <= 214.0
    if run.config.family == "vae":
        assert table["recon_at_mean"] + table["kl"] <= 238.6
    if run.config.family == "pca":
        assert table["sse"] == pytest.approx(14.664, abs=0.01)


def test_the_readme_prints_its_numbers(run):
    """Each row of the README's table names a run; its SSE and BCE are the stored ones."""
    (row,) = re.findall(rf"^\|.*`{run.run_id}`.*$", README.read_text("utf-8"), re.MULTILINE)
    for name in ("sse", "bce"):
        assert f"{run.evaluation[name]:.2f}" in row
