"""The finished runs' numbers: list, evaluate, set them beside published ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from aecore import certificate, datasets, evaluation, store
from aecore.commands.options import Add, brief, complain, summary
from aecore.config import RANGES, Codes
from aecore.errors import AecoreError
from aecore.files import json_text, write_whole


def add_to(add: Add) -> None:
    """Enter the commands."""
    listing = add("list", _list, "List the finished runs.")
    listing.add_argument("--json", action="store_true")
    evaluate = add("evaluate", _evaluate, "Score a run on the test images.")
    evaluate.add_argument("run", metavar="RUN")
    evaluate.add_argument("--json", action="store_true")
    evaluate.add_argument(
        "--measures", choices=("basic", "all"), default="basic", help="all: SSIM, FID and more, slowly"
    )
    evaluate.add_argument("--keep", action="store_true", help="keep with the run what this adds to its numbers")
    evaluate.add_argument(
        "--codes", choices=get_args(Codes), help="the encoder's, or the best there are (default: as it was trained)"
    )
    evaluate.add_argument(
        "--split", choices=("test", "train"), default="test", help="train: the images it was trained on"
    )
    evaluate.add_argument(
        "--noise", type=_variance, default=0.0, metavar="VARIANCE", help="of the noise that the model sees"
    )
    table = add("certificate", _certificate, "Set the numbers of the runs beside published ones.")
    table.add_argument("--json", action="store_true")
    table.add_argument("--into", metavar="FILE", help="write the table between its two marks in a Markdown file")
    add("classifier", _classifier, "Train the classifiers whose features the classifier FID compares.")


def _list(options: argparse.Namespace) -> int:
    runs = store.runs()
    for sentence in store.damaged():
        complain(sentence)
    if options.json:
        print(json_text([_listed(run) for run in runs], indent=1))
        return 0
    width = max((len(run.run_id) for run in runs), default=0)
    for run in runs:
        print(f"{run.run_id:<{width}}  {run.title:<44}  {summary(run.evaluation)}")
        if sentence := evaluation.useless(run.config, run.evaluation):
            print(f"{'':<{width}}  {sentence}")
    if not runs:
        print("There are no runs yet; `aecore train ae` makes one.")
    return 0


def _listed(run: store.Run) -> dict[str, Any]:
    facts = {"title": run.title, "path": str(run.path), "shipped": run.shipped, "seconds": run.record["seconds"]}
    return {**run.evaluation, **facts, "config": run.config.to_dict()}


def _evaluate(options: argparse.Namespace) -> int:
    if options.keep and options.measures != "all" and options.codes is None:
        raise AecoreError(
            "Only what `--measures all` or `--codes` adds can be kept; ask for it, or leave out `--keep`."
        )
    run = store.load(options.run)
    dataset = run.dataset
    images = dataset.test_images
    if options.split == "train":
        images = dataset.train_images[: run.config.train_images or None]
    table = evaluation.evaluate(
        run.run_id, run.config, run.stacks, images, run.record["epochs"], options.codes, options.noise, dataset.span
    ).evaluation
    table["split"] = options.split
    if options.split == "test" and not options.noise:
        table |= {name: value for name, value in run.evaluation.items() if name.startswith("mean_image_")}
    added: dict[str, Any] = {}
    if options.measures == "all":
        from aecore.measures import measure

        added |= measure(run)
    _print_table(table | added, options.json)
    if not options.json and (sentence := evaluation.useless(run.config, table)):
        print(sentence)
    if options.keep:  # last, so that a full disk takes no number from who has waited for it
        run.save_measures({**added, **_other_codes(run, table)})
    return 0


def _print_table(table: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json_text(table))
        return
    for name, value in table.items():
        if not isinstance(value, list):
            print(f"{name:<30} {_printed(value)}")


def _printed(value: Any) -> Any:
    return "–" if value is None else brief(value, 4) if isinstance(value, float) else value


def _other_codes(run: store.Run, table: dict[str, Any]) -> dict[str, Any]:
    """What `Run.score` looks up of codes that the run was not trained with; nothing for noisy or training images."""
    if table["codes"] == run.config.codes or table["noise"] or table["split"] != "test":
        return {}
    return {table["codes"]: {name: table[name] for name in ("sse", "mse", "psnr", "bce") if name in table}}


def _variance(text: str) -> float:
    least, most = RANGES["noise"]
    try:
        variance = float(text)
    except ValueError:
        variance = -1.0
    if not least <= variance <= most:
        raise argparse.ArgumentTypeError(f"must be a variance of {least:g} to {most:g}, not '{text}'")
    return variance


def _certificate(options: argparse.Namespace) -> int:
    """Status 1 when a row is out of its tolerance."""
    lines = certificate.lines()
    if options.into:
        _write_into(Path(options.into), lines)
    print(json_text([line.to_dict() for line in lines], indent=1) if options.json else certificate.markdown(lines))
    return int(any(line.state == "missed" for line in lines))


def _write_into(path: Path, lines: Sequence[certificate.Line]) -> None:
    try:
        write_whole(path, certificate.inserted(path.read_text("utf-8"), lines).encode())
    except OSError as error:
        raise AecoreError(f"{path} cannot be read or written ({error.strerror}); name another file.") from error
    except UnicodeDecodeError as error:
        raise AecoreError(f"{path} is no text in UTF-8; name a Markdown file.") from error


def _classifier(options: argparse.Namespace) -> int:
    from aecore import classifier

    for name in classifier.DATASETS:
        dataset = datasets.load(name)
        for epoch, model in enumerate(classifier.train_classifier(dataset), 1):
            print(f"{name}: epoch {epoch}, {classifier.accuracy(model, dataset):.2%} of the test images named right")
        print(classifier.ship(model, name))
    return 0
