"""Places in code space, as links spell them: a start such as "test-12", or a code's own numbers in base64url."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator

import numpy as np

from aecore import latents
from aecore.errors import AecoreError
from aecore.stacks import Array
from aecore.store import SAMPLES, Run

SEEDS = 2**32  # of samples


def code_at(run: Run, text: str) -> Array:
    """The code that `text` names, (latent_dim,) float32.

    "test-12": of a test image; "mean-3": the mean of a class; "sample-7": drawn from the prior, or from a
    Gaussian fitted to the test codes where the family has none, with that seed; "zero"; or base64url of the
    code's float32 numbers, little-endian, as Explore's links carry it. Raises `AecoreError` for anything else.
    """
    if text == "zero":
        return np.zeros(run.config.latent_dim, np.float32)
    if start := re.fullmatch(r"(test|mean|sample)-(\d{1,10})", text):
        return _start(run, start[1], int(start[2]), text)
    return _spelled(run, text)


def _start(run: Run, kind: str, number: int, text: str) -> Array:
    dataset = run.dataset
    if kind == "test" and number < len(run.codes):
        code: Array = run.codes[number]
        return code
    if kind == "mean" and number in dataset.test_labels:
        mean: Array = latents.class_means(run.codes, dataset.test_labels, len(dataset.classes))[number]
        return mean
    if kind == "sample" and number < SEEDS:
        return _sample(run, number)
    last = {"test": f"test-{len(run.codes) - 1}", "mean": f"mean-{len(dataset.classes) - 1}"}.get(kind, "")
    raise AecoreError(
        f"{dataset.title} has no start '{text}'; the last one is {last or f'sample-{SEEDS - 1}'}, "
        "and a class without test images has no mean."
    )


def _spelled(run: Run, text: str) -> Array:
    z = decode_code(text)
    if z is None:
        raise AecoreError(f"'{text}' is no code; write test-12, mean-3, sample-7, zero, or the z of an Explore link.")
    if len(z) != run.config.latent_dim:
        raise AecoreError(f"That code has {len(z)} numbers where this run's have {run.config.latent_dim}.")
    return z


def encode_code(z: Array) -> str:
    """A code as base64url of its float32 numbers, little-endian, as `link.js` writes it."""
    return base64.urlsafe_b64encode(z.astype("<f4").tobytes()).decode().rstrip("=")


def decode_code(text: str) -> Array | None:
    """The code that a link spells, (d,) float32, or None where the text is none."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data or len(data) % 4:
        return None
    z = np.frombuffer(data, "<f4").astype(np.float32)
    return z if np.isfinite(z).all() else None


def _sample(run: Run, seed: int) -> Array:
    noise = normals(seed, run.config.latent_dim)
    if SAMPLES in run.kinds():
        return noise
    if len(run.codes) < 2:
        raise AecoreError(
            "Samples come from a Gaussian fitted to the test codes, and one code has none; start elsewhere."
        )
    gaussian = latents.fit_gaussian(run.codes)
    return gaussian.mean + gaussian.cholesky @ noise


def normals(seed: int, count: int) -> Array:
    """Standard normal numbers by Box and Muller, (count,): the page's own, so that a sample is the same picture."""
    uniform = _uniforms(seed)
    pairs = ((next(uniform), next(uniform)) for _ in range(count))
    return np.array([math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v) for u, v in pairs], np.float32)


def _uniforms(seed: int) -> Iterator[float]:
    """mulberry32, as in the explorer's `starts.js`: numbers in [0, 1) from a 32-bit seed."""
    word, state = 0xFFFFFFFF, seed
    while True:
        state = (state + 0x6D2B79F5) & word
        t = (state ^ (state >> 15)) * (state | 1) & word
        t ^= (t + ((t ^ (t >> 7)) * (t | 61) & word)) & word
        yield ((t ^ (t >> 14)) & word) / 2**32
