"""The command line: `python -m aecore` or `aecore`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args, get_origin, get_type_hints

from aecore import axes, certificate, datasets, evaluation, exports, figures, jobs, store, studies, turns
from aecore.config import Codes, RunConfig, check_data, make_config, train_command
from aecore.datasets import own
from aecore.datasets.fetch import SOURCES, fetch
from aecore.draft import Draft
from aecore.errors import AecoreError
from aecore.families import MODELS
from aecore.projection import METHODS
from aecore.shipped import SHIPPED

if TYPE_CHECKING:
    from aecore.distributed import Team


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"aecore: {message}; `{self.prog} --help` lists what there is.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when training failed, 2 for a request that cannot be met."""
    options = _parser().parse_args(arguments)
    if options.store:
        os.environ["AECORE_HOME"] = options.store
    if getattr(options, "device", None):
        os.environ["AECORE_DEVICE"] = options.device
    command: Callable[[argparse.Namespace], int] = options.command
    # Threads that wait for work must not spin: beside a busy process they would slow both (before torch loads).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return command(options)
    except AecoreError as error:
        print(f"aecore: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="aecore", description="Train, cache and measure autoencoders.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--store", metavar="DIR", help="the folder of your own runs (default: $AECORE_HOME)")
        command.set_defaults(command=run)
        return command

    train = add("train", _train, "Train a model, or go on where it was interrupted.")
    train.add_argument("family", choices=list(MODELS), metavar="FAMILY", help=", ".join(MODELS))
    train.add_argument(
        "--recipe",
        default="chapter",
        help="named settings: chapter (default), or what FAMILY has beside it, such as fast or best",
    )
    _add_config_options(train)
    train.add_argument("--no-maps", action="store_true", help="leave the 2-D maps to `aecore map`")
    train.add_argument("--resume", action="store_true", help="only go on with a run of these settings that was begun")
    train.add_argument("--queue", action="store_true", help="wait until no other run trains in this store")
    train.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help="(default: $AECORE_DEVICE, or auto)")
    sweep = add("sweep", _sweep, "Search for good settings; the last training images decide, never the test images.")
    sweep.add_argument("family", nargs="?", choices=list(MODELS), metavar="FAMILY", help="left out: as the study began")
    sweep.add_argument("--recipe", default="chapter", help="what is not searched over (default: chapter)")
    sweep.add_argument("--study", required=True, metavar="NAME", help="begun, or gone on with where it is there")
    sweep.add_argument("--trials", type=int, default=20, metavar="N", help="of the study in all (default: 20)")
    sweep.add_argument(
        "--over", action="append", default=[], metavar="FIELD=VALUES",
        help="lr=0.005..0.1:log, batch_size=256,512 or hidden=256-128,512-256; once for each field",
    )  # fmt: skip
    sweep.add_argument("--validation", type=int, metavar="N", help="images (default: 10000, at most a sixth)")
    sweep.add_argument("--no-prune", action="store_true", help="train poor trials to their end, too")
    sweep.add_argument(
        "--storage", metavar="FILE|URL", help="Optuna's journal or database (default: a journal in the home)"
    )
    _add_config_options(sweep)
    resume = add("resume", _resume, "Go on with an unfinished run, or one that is paused.")
    resume.add_argument("run", metavar="RUN")
    resume.add_argument("--queue", action="store_true", help="wait until no other run trains in this store")
    resume.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help="(default: $AECORE_DEVICE, or auto)")
    add("jobs", _jobs, "List the unfinished runs.")
    pause = add("pause", partial(_ask, jobs.pause), "Let a run that trains hold still after its step.")
    pause.add_argument("run", metavar="RUN")
    stop = add("stop", partial(_ask, jobs.stop), "Let the process of a run end after its epoch; it can be resumed.")
    stop.add_argument("run", metavar="RUN")
    delete = add("delete", _delete, "Delete a run that was trained here, or an unfinished one.")
    delete.add_argument("run", metavar="RUN")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    maps = add("map", _map, "Compute the 2-D maps of a run's test codes that are missing.")
    maps.add_argument("run", metavar="RUN")
    maps.add_argument(
        "--method", choices=list(METHODS), help="this one alone (default: all that need no package of their own)"
    )
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
    figure = add("figure", _figure, "Draw a figure of the chapter, or all that can be made here.")
    figure.add_argument("name", metavar="NAME", help=f"all, {', '.join(figures.FIGURES)}")
    figure.add_argument(
        "--out", required=True, metavar="FILE", help="a .png file; its provenance goes beside it; for all: a folder"
    )
    exporting = add("export", _export, "Write a run for other programs: pictures, codes, the model, or a page.")
    exporting.add_argument("run", metavar="RUN")
    exporting.add_argument("--format", required=True, metavar="FORMAT", help=", ".join(exports.FORMATS))
    exporting.add_argument(
        "--out", required=True, metavar="PATH", help="a file; for formats of several files (onnx, projector) a folder"
    )
    exporting.add_argument(
        "--code", "--from", "--start", default=argparse.SUPPRESS, metavar="CODE",
        help="test-12, mean-3, sample-7, zero, or the z of an Explore link (default: test-0)",
    )  # fmt: skip
    exporting.add_argument("--to", default=argparse.SUPPRESS, metavar="CODE", help="walk from the code to this one")
    exporting.add_argument(
        "--dimension", type=int, default=argparse.SUPPRESS, metavar="J", help="walk along one dimension of the code"
    )
    exporting.add_argument(
        "--way",
        choices=get_args(exports.Way),
        default=argparse.SUPPRESS,
        help="the walk to another code (default: lerp)",
    )
    exporting.add_argument(
        "--scale", type=int, default=argparse.SUPPRESS, metavar="N", help="screen pixels a pixel of png and gif (8)"
    )
    fetching = add("fetch", _fetch, "Download a dataset that is not shipped.")
    fetching.add_argument("dataset", choices=list(SOURCES), metavar="DATASET", help=", ".join(SOURCES))
    data = add("data", _data, "Keep your own images as a dataset, list or remove such datasets.")
    actions = data.add_subparsers(required=True, metavar="add|list|remove", dest="action", parser_class=_Parser)
    adding = actions.add_parser("add", help="a folder of images, an .npy or an .npz file, as the dataset NAME")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("path", metavar="PATH", type=Path)
    adding.add_argument("--size", type=int, help=f"pixels a side (default: a square array's own, otherwise {own.SIZE})")
    adding.add_argument("--test-share", type=float, default=0.1, metavar="SHARE", help="of the images (default: 0.1)")
    actions.add_parser("list", help="what was added")
    actions.add_parser("remove", help="delete NAME").add_argument("name", metavar="NAME")
    table = add("certificate", _certificate, "Set the numbers of the runs beside published ones.")
    table.add_argument("--json", action="store_true")
    table.add_argument("--into", metavar="FILE", help="write the table between its two marks in a Markdown file")
    add("classifier", _classifier, "Train the classifiers whose features the classifier FID compares.")
    add("ship", _ship, "Train the runs that come with the project into checkpoints/.")
    return parser


def _add_config_options(parser: argparse.ArgumentParser) -> None:
    """One option for each field of `RunConfig`; what is not given is left to the recipe."""
    for name, hint in get_type_hints(RunConfig).items():
        option = f"--{name.replace('_', '-')}"
        if hint is bool:
            parser.add_argument(option, default=argparse.SUPPRESS, action=argparse.BooleanOptionalAction)
        elif name != "family":
            parser.add_argument(
                option,
                default=argparse.SUPPRESS,
                type=_option_type(name, hint),
                metavar="|".join(get_args(hint)) if isinstance(_first(hint), str) else name.upper(),
            )


def _option_type(name: str, hint: Any) -> Callable[[str], Any]:
    if name == "hidden":
        return _widths
    return hint if hint in (int, float) else str


def _widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(",") if width)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be widths such as 256,128, not '{text}'") from error


def _variance(text: str) -> float:
    try:
        variance = float(text)
    except ValueError:
        variance = -1.0
    if not 0 <= variance < math.inf:
        raise argparse.ArgumentTypeError(f"must be a variance of at least 0, not '{text}'")
    return variance


def _first(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) and get_args(hint) else None


def _train(options: argparse.Namespace) -> int:
    config = make_config(options.family, options.recipe, **_changes(options))
    if options.resume and store.find(config) is None:
        Draft.named(config.run_id)  # or a sentence
    return _train_config(config, not options.no_maps, options.queue)


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of a config that were given on the command line."""
    given = vars(options)
    return {field: given[field] for field in get_type_hints(RunConfig) if field in given and field != "family"}


def _sweep(options: argparse.Namespace) -> int:
    """A line a trial, then the best one's command; what can fail early fails before torch is loaded."""
    study = studies.join(options.study, _plan(options), options.storage)
    from aecore.sweep import sweep

    try:
        for trial in sweep(study, options.trials, not options.no_prune):
            print(_trial_line(trial), flush=True)
    except KeyboardInterrupt:
        print(f"Stopped; `aecore sweep --study {study.name} --trials {options.trials}` goes on.")
        return 130
    best = studies.best(study.trials())
    if best is None:
        raise AecoreError(f"No trial of the study '{study.name}' has been completed; its sentences say why.")
    print(f"The best of the study '{study.name}', {study.plan.score}, is {_trial_line(best)}")
    print(train_command(study.plan.config(best.values)))
    return 0


def _plan(options: argparse.Namespace) -> studies.Plan | None:
    """What the command says to search, or None where it leaves that to the study."""
    changes = _changes(options)
    if options.family is None:
        if options.over or changes or options.validation is not None:
            raise AecoreError("Name a family to search with; a study that is gone on with has its settings already.")
        return None
    base = make_config(options.family, options.recipe, **changes)
    return studies.plan(base, axes.parse_all(options.over, base), options.validation)


def _trial_line(trial: studies.Trial) -> str:
    values = ", ".join(f"{field} {axes.brief(value)}" for field, value in trial.values.items())
    ending = {
        "complete": f"{trial.score:.2f}" if trial.score is not None else "",
        "pruned": f"pruned after epoch {trial.epoch}",
    }.get(trial.state, f"{trial.state}: {trial.sentence}")
    return f"trial {trial.number} ({values}): {ending}"


def _resume(options: argparse.Namespace) -> int:
    draft = Draft.named(options.run)
    if jobs.Job(draft).state == "paused":
        jobs.resume(options.run)
        return 0
    return _train_config(draft.config, queue=options.queue)


def _jobs(options: argparse.Namespace) -> int:
    waiting = jobs.queue()
    for job in jobs.jobs():
        place = f" ({waiting.index(job.run_id) + 1})" if job.run_id in waiting else ""
        print(f"{job.run_id:<44}  epoch {job.epoch} of {job.epochs_wanted}  {job.state}{place}  {job.message}".rstrip())
    return 0


def _ask(act: Callable[[str], None], options: argparse.Namespace) -> int:
    act(options.run)
    return 0


def _delete(options: argparse.Namespace) -> int:
    unfinished = options.run in [job.run_id for job in jobs.jobs()]
    run = None if unfinished else store.load(options.run)
    if not options.yes and input(f"Delete '{options.run}' and all that it learned? [y/N] ").strip().lower() != "y":
        return 1
    if run:
        store.delete(run)
    else:
        jobs.discard(options.run)
    return 0


def _map(options: argparse.Namespace) -> int:
    run = store.load(options.run)
    from aecore import experiment

    experiment.add_maps(run, options.method)
    return 0


def _train_config(config: RunConfig, with_maps: bool = True, queue: bool = False) -> int:
    """Train with a progress bar, then add the maps; what can fail early fails before torch is loaded."""
    check_data(config, datasets.load(config.dataset))
    try:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            _train_together(config)
        elif store.find(config) is not None:
            print(f"{config.run_id} is finished already.")
        elif queue:
            _train_in_turn(config)
        else:
            _train_at_once(config)
    except AecoreError as error:
        print(f"aecore: {error}", file=sys.stderr)
        return 1
    run = store.find(config)
    if run and with_maps and os.environ.get("RANK", "0") == "0":
        from aecore import experiment

        experiment.add_maps(run)
    return 0


def _train_together(config: RunConfig) -> None:
    """One of the processes that `torchrun` started: the first writes the run and speaks."""
    from aecore import experiment
    from aecore.distributed import team

    with team() as whole:
        finished = whole.agreed(store.find(config) is not None)
        if whole.rank == 0 and finished:
            print(f"{config.run_id} is finished already.")
        elif whole.rank == 0:
            _train_here(config, whole)
        elif not finished:
            experiment.assist(config, whole)


def _train_in_turn(config: RunConfig) -> None:
    with turns.turn(Draft(config)) as mine:
        if mine:
            _train_here(config)


def _train_at_once(config: RunConfig) -> None:
    with turns.turn_if_free() as mine:
        if not mine:
            print("aecore: another run trains here too; `--queue` would wait for it.", file=sys.stderr)
        _train_here(config)


def _train_here(config: RunConfig, team: Team | None = None) -> None:
    from tqdm import tqdm

    from aecore import experiment
    from aecore.distributed import ALONE

    if done := Draft(config).last_epoch:
        print(f"{config.run_id} goes on after epoch {done}.")
    with tqdm(total=config.epochs, unit="epoch", desc=config.run_id, disable=None) as bar:
        for progress in experiment.train(config, team or ALONE):
            bar.update(progress.epoch - bar.n)
            bar.set_postfix_str(_summary(progress.row["test"]))
    run = store.find(config)
    if run is None:
        print(f"Stopped; `aecore resume {config.run_id}` goes on.")
    else:
        print(f"{run.run_id}: {_summary(run.evaluation)}, in {run.record['seconds']:.1f} s, kept in {run.path}")


def _summary(numbers: dict[str, Any]) -> str:
    shown = ("loss", "recon", "bce", "kl", "sse")
    return ", ".join(f"{name} {numbers[name]:.2f}" for name in shown if isinstance(numbers.get(name), float))


def _list(options: argparse.Namespace) -> int:
    runs = store.runs()
    for sentence in store.damaged():
        print(f"aecore: {sentence}", file=sys.stderr)
    if options.json:
        print(json.dumps([_listed(run) for run in runs], indent=1))
        return 0
    width = max((len(run.run_id) for run in runs), default=0)
    for run in runs:
        print(f"{run.run_id:<{width}}  {run.title:<44}  {_summary(run.evaluation)}")
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
    dataset = datasets.load(run.config.dataset)
    images = dataset.test_images
    if options.split == "train":
        images = dataset.train_images[: run.config.train_images or None]
    table = evaluation.evaluate(
        run.run_id, run.config, run.stacks, images, run.record["epochs"], options.codes, options.noise, dataset.span
    ).evaluation
    table["split"] = options.split
    added: dict[str, Any] = {}
    if options.measures == "all":
        from aecore.measures import measure

        added |= measure(run)
    if options.keep:
        run.save_measures({**run.measures, **added, **_other_codes(run, table)})
    table |= added
    if options.json:
        print(json.dumps(table))
        return 0
    for name, value in table.items():
        if not isinstance(value, list):
            print(f"{name:<30} {value:.4f}" if isinstance(value, float) else f"{name:<30} {value}")
    return 0


def _other_codes(run: store.Run, table: dict[str, Any]) -> dict[str, Any]:
    """What `Run.score` looks up of codes that the run was not trained with; nothing for noisy or training images."""
    if table["codes"] == run.config.codes or table["noise"] or table["split"] != "test":
        return {}
    return {table["codes"]: {name: table[name] for name in ("sse", "mse", "psnr", "bce") if name in table}}


def _figure(options: argparse.Namespace) -> int:
    path = Path(options.out)
    if options.name == "all":
        return _all_figures(path)
    figures.save(figures.make(options.name), path)
    print(path)
    return 0


def _all_figures(folder: Path) -> int:
    """Status 2 when some could not be made."""
    status = 0
    for outcome in figures.save_all(folder):
        if isinstance(outcome, AecoreError):
            print(f"aecore: {outcome}", file=sys.stderr)
            status = 2
        else:
            print(outcome)
    return status


def _export(options: argparse.Namespace) -> int:
    given = vars(options)
    wishes = {field.name: given[field.name] for field in dataclasses.fields(exports.View) if field.name in given}
    view = exports.View(**{**wishes, "run": store.load(options.run)})
    for path in exports.write(options.format, view, Path(options.out)):
        print(path)
    return 0


def _fetch(options: argparse.Namespace) -> int:
    print(fetch(options.dataset))
    return 0


def _data(options: argparse.Namespace) -> int:
    if options.action == "add":
        print(datasets.add(options.name, options.path, options.size, options.test_share))
    elif options.action == "remove":
        own.remove(options.name)
    else:
        for name, title in own.names().items():
            print(f"{name:<40}  {title}")
    return 0


def _certificate(options: argparse.Namespace) -> int:
    """Status 1 when a row is out of its tolerance."""
    lines = certificate.lines()
    if options.into:
        _write_into(Path(options.into), lines)
    print(json.dumps([line.to_dict() for line in lines], indent=1) if options.json else certificate.markdown(lines))
    return int(any(line.state == "missed" for line in lines))


def _write_into(path: Path, lines: Sequence[certificate.Line]) -> None:
    try:
        store.write_whole(path, certificate.inserted(path.read_text("utf-8"), lines).encode())
    except OSError as error:
        raise AecoreError(f"{path} cannot be read or written ({error.strerror}); name another file.") from error


def _classifier(options: argparse.Namespace) -> int:
    from aecore import classifier

    for name in classifier.DATASETS:
        dataset = datasets.load(name)
        for epoch, model in enumerate(classifier.train_classifier(dataset), 1):
            print(f"{name}: epoch {epoch}, {classifier.accuracy(model, dataset):.2%} of the test images named right")
        print(classifier.ship(model, name))
    return 0


def _ship(options: argparse.Namespace) -> int:
    os.environ["OMP_NUM_THREADS"] = "1"  # sums, and so the last bits of weights, depend on how many threads share them
    for config in SHIPPED:
        _train_config(config, with_maps=False)
        run = store.load(config.run_id)
        if not run.shipped:
            from aecore import experiment

            experiment.add_maps(run)
            print(store.ship(run).path)
    for path in figures.ship():
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
