"""SSIM, FID and Inception Score equal their definitions, and the FID rises with every kind of damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from aecore import AecoreError, RunConfig, datasets, load_or_train, roots, store
from aecore.classifier import Classifier, accuracy, file_name, load_classifier, ship, train_classifier
from aecore.datasets import Dataset, Row
from aecore.datasets.base import data_folder
from aecore.measures import NOISES, classifier_fid, classifier_score, gaussian_codes, measure, prior_codes, ssim

Images = np.ndarray

NEEDS_MNIST = (
    pytest.mark.mnist,
    pytest.mark.skipif(not (data_folder() / "MNIST").is_dir(), reason="AECORE_DATA holds no MNIST"),
)
BOTH = pytest.mark.parametrize("name", ["fashion_mnist", pytest.param("mnist", marks=NEEDS_MNIST)])


def features(classifier: Classifier, images: Images) -> np.ndarray:
    with torch.no_grad():
        return classifier.features(torch.tensor(images)).double().numpy()


# --- the classifier ---


@BOTH
def test_the_shipped_classifier_knows_its_classes(name: str) -> None:
    least = {"fashion_mnist": 0.91, "mnist": 0.985}
    assert accuracy(load_classifier(name), datasets.load(name)) >= least[name]
    assert len(store.asset(file_name(name)) or b"") < 1_000_000


def test_training_learns_and_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = some_fashion(1500, 500)
    before = torch.get_rng_state()
    *_, model = train_classifier(few, epochs=3)
    *_, again = train_classifier(few, epochs=3)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert accuracy(model, few) > 0.6
    assert features(model, few.train_images).var(0).mean() == pytest.approx(1, rel=1e-2)
    monkeypatch.setattr(roots, "shipped", lambda: tmp_path)
    ship(model, "few")
    kept = load_classifier("few")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), kept.parameters(), strict=True))


def test_an_absent_or_damaged_classifier_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "shipped", lambda: tmp_path)
    with pytest.raises(AecoreError, match=r"no classifier of 'letters'.*`aecore classifier`"):
        load_classifier("letters")
    (tmp_path / file_name("letters")).write_bytes(b"rubbish")
    with pytest.raises(AecoreError, match="damaged"):
        load_classifier("letters")


# --- SSIM ---


def test_ssim_is_what_its_authors_define() -> None:
    images = datasets.load("fashion_mnist").test_images[:20]
    others = np.clip(images + np.random.default_rng(0).normal(0, 30, images.shape), 0, 255).astype(np.uint8)

    def local(x: Images) -> Images:
        return ndimage.gaussian_filter(x, 1.5, axes=(1, 2), truncate=3.5, mode="mirror")

    a, b = images.astype(float), others.astype(float)
    ma, mb = local(a), local(b)
    va, vb, cov = local(a * a) - ma**2, local(b * b) - mb**2, local(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    expected = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    np.testing.assert_allclose(ssim(images, others), expected.mean((1, 2)), atol=1e-3)
    np.testing.assert_allclose(ssim(images, images), 1, atol=1e-6)
    assert ssim(images, others).shape == (20,)


# --- FID ---


def test_fid_is_the_distance_of_two_gaussians() -> None:
    images, classifier = datasets.load("fashion_mnist").test_images, load_classifier("fashion_mnist")
    real, others = images[:1500], np.roll(images[1500:3000], 3, 2)
    a, b = features(classifier, real), features(classifier, others)
    variances, axes = np.linalg.eigh(np.cov(a.T))
    half = axes * np.sqrt(np.maximum(variances, 0)) @ axes.T
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(half @ np.cov(b.T) @ half), 0))
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(np.cov(a.T) + np.cov(b.T)) - 2 * roots.sum()
    assert classifier_fid(classifier, real, others) == pytest.approx(expected, rel=1e-4)


@BOTH
def test_real_images_are_near_real_images(name: str) -> None:
    images, classifier = datasets.load(name).test_images, load_classifier(name)
    assert classifier_fid(classifier, images[:1000], images[:1000]) == pytest.approx(0, abs=1e-3)
    assert classifier_fid(classifier, images[0::2], images[1::2]) < 0.3


def _noise(x: Images, strength: float) -> Images:
    return x + strength * np.random.default_rng(0).standard_normal(x.shape)


def _salt_and_pepper(x: Images, share: float) -> Images:
    random = np.random.default_rng(0)
    return np.where(random.random(x.shape) < share, random.random(x.shape) < 0.5, x)


def _blur(x: Images, sigma: float) -> Images:
    return ndimage.gaussian_filter(x, sigma, axes=(1, 2))


def _hide(x: Images, side: int) -> Images:
    top, left = np.random.default_rng(0).integers(0, 29 - side, (2, len(x), 1, 1))
    rows, columns = np.mgrid[:28, :28]
    return np.where((rows - top) % 28 < side, np.where((columns - left) % 28 < side, 0, x), x)


def _fade(x: Images, loss: float) -> Images:
    return x * (1 - loss)


def _rotate(x: Images, degrees: float) -> Images:
    return ndimage.rotate(x, degrees, (1, 2), reshape=False, order=1)


@BOTH
@pytest.mark.parametrize(
    ("corrupt", "strengths"),
    [
        (_noise, (0.05, 0.1, 0.2, 0.4)),
        (_salt_and_pepper, (0.01, 0.03, 0.1, 0.3)),
        (_blur, (0.5, 1, 1.5, 2.5)),
        (_hide, (4, 8, 12, 16)),
        (_fade, (0.1, 0.3, 0.5, 0.7)),
        (_rotate, (5, 15, 30, 45)),
    ],
    ids=lambda it: it.__name__.strip("_") if callable(it) else "",
)
def test_fid_rises_with_the_damage(name: str, corrupt: Callable[[Images, float], Images], strengths: tuple) -> None:
    images, classifier = datasets.load(name).test_images[:600], load_classifier(name)
    damaged = [np.rint(np.clip(corrupt(images / 255, s), 0, 1) * 255).astype(np.uint8) for s in strengths]
    distances = [classifier_fid(classifier, images, others) for others in (images, *damaged)]
    assert distances == sorted(distances)
    assert distances[1] > 0.05 and distances[-1] > 10 * distances[1]


# --- Inception Score ---


def test_score_is_the_information_between_image_and_class() -> None:
    images, classifier = datasets.load("fashion_mnist").test_images[:1500], load_classifier("fashion_mnist")
    state = torch.get_rng_state()
    ours = classifier_score(classifier, images)
    assert torch.equal(state, torch.get_rng_state())
    with torch.no_grad():
        p = classifier(torch.tensor(images)).softmax(1).double().numpy()
    expected = np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean())
    assert ours == pytest.approx(expected, rel=1e-4)
    assert 1 < ours < 10
    assert classifier_score(classifier, images[:1].repeat(50, 0)) == pytest.approx(1, abs=1e-4)


# --- a run ---


def some_fashion(train: int, test: int) -> Dataset:
    """The first images of Fashion-MNIST."""
    whole = datasets.load("fashion_mnist")
    counts = {"train": train, "test": test}

    def read(part: str) -> np.ndarray:
        return getattr(whole, part)[: counts[part.split("_")[0]]]

    return Dataset("fashion_mnist", "Fashion-MNIST", "", whole.classes, {}, read)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fashion-MNIST cut to 600 training and 400 test images."""
    cut = some_fashion(600, 400)
    monkeypatch.setitem(datasets.DATASETS, "fashion_mnist", Row("", lambda: cut))
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    datasets.load.cache_clear()
    yield
    datasets.load.cache_clear()


def test_measures_of_runs(few: None) -> None:
    better = measure(load_or_train(RunConfig("pca", latent_dim=40)))
    worse = measure(load_or_train(RunConfig("pca", latent_dim=3)))
    assert better["ssim"] > worse["ssim"]
    assert better["classifier_fid_reconstructions"] < worse["classifier_fid_reconstructions"]
    assert better["classifier_fid_gaussian"] < better["classifier_fid_prior"]  # a PCA's codes are far from N(0, I)
    assert "iw_bound" not in better


def test_only_a_vae_has_the_bound_and_only_known_classes_a_fid(tiny: Path) -> None:
    common = {"dataset": "tiny", "latent_dim": 3, "epochs": 2, "hidden": (16,)}
    always = {"ssim", "sse_train", "code_mean", "code_deviation", *(f"sse_noise_{v}" for v in NOISES)}
    assert set(measure(load_or_train(RunConfig("ae", **common)))) == always
    run = load_or_train(RunConfig("vae", **common))
    table = measure(run)
    assert set(table) == {*always, "iw_bound", "iw_samples"}
    assert table["iw_bound"] < run.evaluation["neg_elbo"]


def test_errors_beside_the_test_images(tiny: Path) -> None:
    run = load_or_train(RunConfig("pca", dataset="tiny", latent_dim=3, train_images=50))
    dataset, table = datasets.load("tiny"), measure(run)
    x = dataset.pixels(dataset.train_images[:50])
    assert table["sse_train"] == pytest.approx(np.square(run.reconstruct(x) - x).sum(1).mean(), rel=1e-5)
    noisy = [table[f"sse_noise_{variance}"] for variance in NOISES]
    assert run.evaluation["sse"] < noisy[0]
    assert noisy == sorted(noisy)
    assert noisy[0] - run.evaluation["sse"] == pytest.approx(0.1 * 3, rel=0.2)  # noise of 0.1 in each of 3 directions
    assert table["code_mean"] == pytest.approx(np.abs(run.codes.mean(0)).max())
    assert table["code_deviation"] == pytest.approx(np.abs(run.codes.std(0) - 1).max())


def test_codes_are_drawn_from_the_codes_own_gaussian(tiny: Path) -> None:
    run = load_or_train(RunConfig("pca", dataset="tiny", latent_dim=3))
    dataset = datasets.load("tiny")
    codes = run.encode(dataset.pixels(dataset.train_images))
    drawn = gaussian_codes(run, dataset, 100_000)
    np.testing.assert_allclose(drawn.mean(0), codes.mean(0), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.03)
    assert np.array_equal(drawn, gaussian_codes(run, dataset, 100_000))
    np.testing.assert_allclose(np.cov(prior_codes(run, 100_000).T), np.eye(3), atol=0.02)
