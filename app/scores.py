"""The Compare page's tables as HTML: the runs' numbers over all test images, and the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple, get_args

from rows import WHOSE, Name

from aecore.certificate import FLOORED, Line
from aecore.config import Codes
from aecore.evaluation import useless
from aecore.store import Run

Numbers = Mapping[str, Any]


class Metric(NamedTuple):
    """A column of the table: a number of a run, what it is, and how it is printed."""

    name: str
    title: str
    unit: str
    explanation: str
    decimals: int = 2
    best: int = 0  # -1: the lowest is best, 1: the highest, 0: no winner


_NATS = "nats an image"
_FID, _IS = "of the classifier's features", "exp of nats"
FLOOR = Metric("bce_floor", "BCE floor", _NATS, "The entropy of the grey pixels: no model can go below.")

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("sse", "SSE", "sum over pixels", "Squared error summed over pixels, mean over images.", 2, -1),
        Metric("mse", "MSE", "mean over pixels", "Squared error, mean over pixels and images.", 5, -1),
        Metric("psnr", "PSNR", "dB", "Peak signal-to-noise ratio of the mean MSE.", 2, 1),
        Metric("ssim", "SSIM", "mean over images", "Structural similarity, 1 for equal images.", 3, 1),
        Metric("bce", "BCE", _NATS, "Bernoulli negative log-likelihood at the code, summed over pixels.", 2, -1),
        Metric(
            "recon_at_mean", "recon at mean", _NATS, "Reconstruction term at the mean code; SSE where the loss is mse."
        ),
        Metric("recon", "recon sampled", _NATS, "Reconstruction term at a sampled code; SSE where the loss is mse."),
        Metric("kl", "KL", _NATS, "KL divergence from the standard normal prior, summed over dimensions."),
        Metric("neg_elbo", "−ELBO", _NATS, "recon sampled + KL, unweighted: the bound.", 2, -1),
        Metric("iw_bound", "IW bound, k = 50", _NATS, "Importance-weighted bound on −log p(x), 50 samples.", 2, -1),
        Metric("active_units", "active units", "of {latent_dim}", "Dimensions whose mean varies by over 0.01.", 0),
        Metric("classifier_fid_reconstructions", "classifier FID, rebuilt", _FID,
               "Fréchet distance of reconstructions to the test images; no Inception FID.", 2, -1),
        Metric("classifier_fid_prior", "classifier FID, prior", _FID,
               "The same of images decoded from N(0, I).", 2, -1),
        Metric("classifier_fid_gaussian", "classifier FID, Gaussian", _FID,
               "The same of images decoded from a Gaussian that is fitted to the training codes.", 2, -1),
        Metric("classifier_is_prior", "classifier IS, prior", _IS,
               "Inception Score, by the classifier, of images decoded from N(0, I).", 2, 1),
        Metric("classifier_is_gaussian", "classifier IS, Gaussian", _IS,
               "The same of images decoded from the fitted Gaussian.", 2, 1),
    )
}  # fmt: skip
_LARGE = 1e6  # from here on a number is written with a power of ten
FIRST = ("sse", "psnr", "ssim", "bce", "kl", "neg_elbo", "active_units", "classifier_fid_reconstructions")


class Scored(NamedTuple):
    """A row of the table: a run with one kind of codes, its means over all test images, and a word of warning."""

    name: Name
    latent_dim: int
    numbers: Numbers
    warning: str = ""


def scored(chosen: Sequence[Run], names: Sequence[Name]) -> list[Scored]:
    """A row for each run, and another for the codes that it was not trained with, where their errors are kept."""
    made = []
    for run, name in zip(chosen, names, strict=True):
        for codes in sorted(get_args(Codes), key=lambda codes: codes != run.config.codes):
            numbers = _numbers(run, codes)
            if numbers:
                words = WHOSE[codes] if codes != "feed-forward" else ""
                detail = " · ".join(word for word in (name.detail, words) if word)
                made.append(
                    Scored(Name(name.short, detail), run.config.latent_dim, numbers, useless(run.config, numbers))
                )
    return made


def _numbers(run: Run, codes: Codes) -> Numbers:
    if codes == run.config.codes:
        return {**run.evaluation, **run.measures}
    floor = {name: run.evaluation[name] for name in (FLOOR.name,) if name in run.evaluation}
    other = run.measures.get(codes)
    return {**floor, **other} if other else {}


def filled(rows: Sequence[Scored]) -> list[str]:
    """The columns that some row fills."""
    return [name for name in METRICS if any(row.numbers.get(name) is not None for row in rows)]


def table(rows: Sequence[Scored], columns: Sequence[str]) -> str:
    """The means over the whole test set, a row a run. A term of the pixels' likelihood never lacks its floor."""
    metrics = [metric for metric in METRICS.values() if metric.name in columns]
    after = [at for at, metric in enumerate(metrics, 1) if metric.name in FLOORED]
    if after and any(FLOOR.name in row.numbers for row in rows):
        metrics.insert(after[0], FLOOR)
    latent_dims = {row.latent_dim for row in rows}
    head = "".join(
        f'<th scope="col"><abbr title="{escape(metric.explanation)}">{escape(metric.title)}</abbr>'
        f"<small>{_unit(metric, latent_dims)}</small></th>"
        for metric in metrics
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row.name.short)}<small>{escape(row.name.detail)}</small>{_warning(row)}</th>'
        + "".join(_cell(metric, row, rows) for metric in metrics)
        + "</tr>"
        for row in rows
    )
    return _frame("Errors over all test images", f'<th scope="col">Model</th>{head}', body)


def _warning(row: Scored) -> str:
    return f"<small>{escape(row.warning)}</small>" if row.warning else ""


def certificate(lines: Sequence[Line]) -> str:
    """Our numbers beside published ones."""
    titles = ("What", "Ours", "Reference", "Tolerance")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    head += '<th scope="col" class="words">Source</th>'
    body = "".join(
        f'<tr><th scope="row">{escape(line.title)}</th>{_ours(line)}<td>{line.reference:g}</td>'
        f'<td>{escape(line.tolerance)}</td><td class="words">{escape(line.source)}</td></tr>'
        for line in lines
    )
    return _frame("Our numbers beside published ones", head, body)


def _ours(line: Line) -> str:
    if line.ours is None:
        return "<td>not on this machine</td>"
    text = f"<b>{line.ours:.3f}</b>"
    if line.state == "missed":
        text = f"{text} <strong>missed</strong>"
    floor = f"<small>floor {line.floor:.2f}</small>" if line.floor is not None else ""
    return f"<td>{text}{floor}</td>"


def _frame(label: str, head: str, body: str) -> str:
    return (
        f'<div class="numbers" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _unit(metric: Metric, latent_dims: set[int]) -> str:
    return metric.unit.format(latent_dim=max(latent_dims) if len(latent_dims) == 1 else "latent_dim")


def _cell(metric: Metric, row: Scored, rows: Sequence[Scored]) -> str:
    value = row.numbers.get(metric.name)
    if value is None:
        return "<td>–</td>"
    text = f"{value:.{metric.decimals}f}" if abs(value) < _LARGE else f"{value:.4g}"
    values = [found for other in rows if (found := other.numbers.get(metric.name)) is not None]
    best = metric.best and len(values) > 1 and value * metric.best >= max(other * metric.best for other in values)
    return f"<td><b>{text}</b></td>" if best else f"<td>{text}</td>"
