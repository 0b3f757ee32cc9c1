"""The one training loop. It names no model: what to minimise comes from `Model.objectives`."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it
from torch import Generator, Tensor, nn
from torch.optim import Muon, Optimizer

from aecore.adam import Adam
from aecore.config import RunConfig
from aecore.distributed import ALONE, Team
from aecore.errors import AecoreError
from aecore.mapped import Mapped
from aecore.models.base import Images, Model, Objective, Terms
from aecore.muon import Muon as QuickMuon
from aecore.replay import RECORDS, Replayed, held
from aecore.waiting import Courtesy

Snapshot = dict[str, Tensor]

_LOOK = 10_000  # images whose mean `start` "centred" takes


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images.

    `train` holds each term's mean over the images as they were seen, and `loss`, their weighted sum.
    `snapshot()` gives all that `fit` needs to go on from here, as tensors on the CPU.
    """

    number: int
    seconds: float
    train: Mapping[str, float]
    snapshot: Callable[[], Snapshot]


def generator_for(seed: int, stream: int = 0, device: torch.device | str = "cpu") -> Generator:
    """A random generator for one purpose of a run: streams of one seed are independent."""
    return torch.Generator(device).manual_seed((seed * 1_000_003 + stream) % 2**63)


def fit(
    model: Model,
    images: Images,
    config: RunConfig,
    snapshot: Snapshot | None = None,
    fresh: Callable[[int], Tensor] | None = None,
    team: Team = ALONE,
    hold: Callable[[], float] = lambda: 0.0,
) -> Iterator[Epoch]:
    """Train `model` on `images`, uint8 (n, h, w) or (n, pixels), and yield an `Epoch` after each pass.

    Images stay bytes, on disk or on the device that trains (`device_of`), and each batch of a seeded permutation
    becomes float32 pixels at the model's door, shifted and mirrored there where the config says so.
    `fresh(epoch)` gives the images of an epoch, from 1, where each has its own. With a `snapshot`, go on after its
    epoch; the weights then come out bitwise equal to those of an uninterrupted run under the same number of
    threads. `model` stays on the CPU; for another device a copy of it trains, whose weights it has after each epoch.
    A model without objectives is solved by one look at the images and yields one `Epoch`, number 0. In a `team` of
    processes each takes its share of every batch, and all end with the same weights. `hold()` is called before each
    step; it may wait, and says how many seconds it did, which count for nothing. Raises `AecoreError` when the loss
    diverges.
    """
    began = time.perf_counter()
    model.initialise(images.flatten(1))
    if config.start == "centred":
        model.centre(images[torch.arange(min(len(images), _LOOK))])
    if not model.objectives():
        yield Epoch(0, time.perf_counter() - began, {}, dict)
        return
    device = device_of()
    trained = model if device == torch.device("cpu") else copy.deepcopy(model).to(device)
    loop = _Loop(trained, images if isinstance(images, Mapped) else images.to(device), config, fresh, team, hold)
    if snapshot is not None:
        loop.restore(snapshot)
        _copy_weights(trained, model)  # there may be no epoch left to do that
    while loop.epoch < config.epochs:
        began = time.perf_counter()
        train = loop.run_epoch()
        _copy_weights(trained, model)
        yield Epoch(loop.epoch, time.perf_counter() - began - loop.held, train, loop.snapshot)


def _copy_weights(trained: Model, model: Model) -> None:
    """Give `model` the weights of the copy of it that trains on another device."""
    if trained is not model:
        model.eval().load_state_dict(trained.state_dict())


class _Loop:
    """What changes while a model trains, and one epoch of it."""

    def __init__(
        self,
        model: Model,
        images: Images,
        config: RunConfig,
        fresh: Callable[[int], Tensor] | None,
        team: Team,
        hold: Callable[[], float],
    ) -> None:
        self.model, self.images, self.config, self.fresh, self.team = model, images, config, fresh, team
        self.hold, self.held = hold, 0.0
        self.epoch = 0
        self.device = next(model.parameters()).device
        self.bfloat16 = precision_of(config, self.device) == "bfloat16"
        self.order = generator_for(config.seed, stream=1)
        self.noise = generator_for(config.seed, stream=2, device=self.device)
        self.objectives = [team.joined(objective) for objective in model.objectives()]
        pixels = math.prod(images.shape[1:])
        dtype = torch.bfloat16 if self.bfloat16 else torch.float32
        self.optimisers = [_optimisers(objective, config, pixels, dtype) for objective in self.objectives]
        # torch's Muon takes its rate as a number, which a record would keep.
        record = RECORDS.get(self.device.type) if team is ALONE and config.optimiser != "muon" else None
        for group in self._groups():
            group["initial_lr"] = group["lr"]
            if record:
                group["lr"] = held(group["lr"], self.device)
        self.step = Replayed(self._step, self.noise, record)
        self.weight = 1.0  # of this process's share of the batch
        self.sums: dict[str, Tensor] = {}  # of each term over the epoch
        self.courtesy = Courtesy(torch.get_num_threads() if self.device.type == "cpu" else 1)
        self.steps = math.ceil(len(images) / config.batch_size)
        self.rate = _schedule(config, self.steps * config.epochs)

    def run_epoch(self) -> dict[str, float]:
        """One pass over the images; the mean of every term, and the weighted loss."""
        if self.fresh:
            self.images = self.fresh(self.epoch + 1)
        self.model.train()
        self.held = 0.0
        # Looked at once an epoch, as a look at every step would wait for it; one tensor, as thousands shred the memory.
        losses = torch.zeros(self.steps, len(self.objectives), device=self.device)
        for total in self.sums.values():
            total.zero_()
        self.team.noise_seed(self.noise, self.config.seed, self.epoch)
        order = torch.randperm(len(self.images), generator=self.order).to(self.images.device)
        with self.courtesy:
            for step, whole in enumerate(_batches(order, self.config.batch_size)):
                self.held += self.hold()
                self.courtesy.look()
                self._set_rates(self.rate(self.epoch * self.steps + step))
                batch, self.weight = self.team.share(whole)
                losses[step] = self.step(_rows(self.images, batch).to(self.device))
        self.model.eval()
        self.team.settle(self.model)
        self.epoch += 1
        return self._means(self.team.total(self.sums), losses)

    def _set_rates(self, factor: float) -> None:
        for group in self._groups():
            rate = group["initial_lr"] * factor
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _step(self, rows: Tensor) -> Tensor:
        """One step of every objective from a batch of images as they are stored; the losses, (objectives,)."""
        x = self.model.pixels(self._varied(rows))
        losses = [self._descend(*pair, x) for pair in zip(self.objectives, self.optimisers, strict=True)]
        return torch.stack(losses)

    def _varied(self, images: Tensor) -> Tensor:
        images = shifted(images, self.config.shift, self.noise)
        return mirrored(images, self.noise) if self.config.mirror else images

    def _descend(self, objective: Objective, optimisers: list[Optimizer], x: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            terms = objective.terms(x, self.noise)
        loss = objective.loss(terms)
        gradients = self.team.gradients(loss, objective.parameters, self.weight)
        for parameter, gradient in zip(objective.parameters, gradients, strict=True):
            parameter.grad = gradient
        del gradients
        for optimiser in optimisers:
            optimiser.step()
        for parameter in objective.parameters:
            parameter.grad = None  # the next step's take their memory, which is still in the cache
        self._count(terms)
        return loss.detach()

    def _count(self, terms: Terms) -> None:
        for name, term in terms.items():
            if name not in self.sums:
                self.sums[name] = torch.zeros((), device=self.device)
            if self.weight:
                self.sums[name] += term.detach().sum()

    def _means(self, sums: Mapping[str, Tensor], losses: Tensor) -> dict[str, float]:
        means = {name: float(total) / len(self.images) for name, total in sums.items()}
        if not all(map(math.isfinite, means.values())):
            finite = losses.isfinite().all(1).tolist()
            step = f", step {finite.index(False) + 1}" if False in finite else ""
            raise diverged(f"in epoch {self.epoch}{step}", self.epoch - 1, self.config)
        weights = {name: weight for objective in self.objectives for name, weight in objective.weights.items()}
        return {**means, "loss": sum(weights.get(name, 1.0) * value for name, value in means.items())}

    def snapshot(self) -> Snapshot:
        """Weights, optimisers, random states and the epoch, as flat named tensors."""
        state = {f"model/{name}": tensor for name, tensor in self.model.state_dict().items()}
        for i, optimiser in enumerate(self._flat_optimisers()):
            for index, slots in optimiser.state_dict()["state"].items():
                state |= {f"optimiser/{i}/{index}/{slot}": tensor for slot, tensor in slots.items()}
        state |= {"random/order": self.order.get_state(), "random/noise": self.noise.get_state()}
        state["epoch"] = torch.tensor(self.epoch)
        return {name: tensor.detach().cpu().clone() for name, tensor in state.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Put back what `snapshot` took; raises `AecoreError` where it is of another model, or of another version."""
        parts = _nest(snapshot)
        try:
            self.model.load_state_dict(parts["model"])
            for i, optimiser in enumerate(self._flat_optimisers()):
                state = {int(index): slots for index, slots in parts.get("optimiser", {}).get(str(i), {}).items()}
                optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
            self.order.set_state(snapshot["random/order"])
            self.noise.set_state(snapshot["random/noise"])
        except (RuntimeError, KeyError, TypeError, ValueError) as error:
            raise AecoreError(
                "The run's snapshot does not fit its model; delete the run and start it again."
            ) from error
        self.epoch = int(snapshot["epoch"])

    def _flat_optimisers(self) -> list[Optimizer]:
        return [optimiser for one in self.optimisers for optimiser in one]

    def _groups(self) -> Iterator[dict[str, Any]]:
        return (group for optimiser in self._flat_optimisers() for group in optimiser.param_groups)


def _rows(images: Images, index: Tensor) -> Tensor:
    return images.index_select(0, index) if isinstance(images, Tensor) else images[index]


def _optimisers(objective: Objective, config: RunConfig, pixels: int, dtype: torch.dtype) -> list[Optimizer]:
    """Muon takes the matrices and AdamW the rest; Adam and AdamW take everything.

    Losses are summed over pixels, and Adam's epsilon grows with them: the step is the one that a mean
    over pixels, the chapter's loss, would take with epsilon 1e-8.
    """
    eps, decay = 1e-8 * pixels, config.weight_decay
    if config.optimiser in ("adam", "adamw"):
        return [Adam(objective.parameters, config.lr, eps, decay, decoupled=config.optimiser == "adamw")]
    matrices = [parameter for parameter in objective.parameters if parameter.ndim == 2]
    others = [parameter for parameter in objective.parameters if parameter.ndim != 2]
    muon: Optimizer
    if config.optimiser == "quick-muon":
        muon = QuickMuon(matrices, config.lr, decay, dtype=dtype)
    else:
        muon = Muon(matrices, config.lr, weight_decay=decay)
    return [muon, Adam(others, config.bias_lr, eps, decay, decoupled=True)]


def shifted(images: Tensor, most: int, generator: Generator) -> Tensor:
    """Each image (B, h, w) moved by up to `most` pixels down or up and right or left, zeros at the border."""
    if not most:
        return images
    if images.ndim != 3:
        raise AecoreError("Only images with rows and columns can be shifted; set 'shift' to 0.")
    height, width = images.shape[1:]
    windows = F.pad(images, (most,) * 4).unfold(1, height, 1).unfold(2, width, 1)
    places = torch.randint(2 * most + 1, (2, len(images)), generator=generator, device=images.device)
    return windows[torch.arange(len(images), device=images.device), places[0], places[1]]


def mirrored(images: Tensor, generator: Generator) -> Tensor:
    """Images (B, h, w), each turned left to right with probability one half."""
    if images.ndim != 3:
        raise AecoreError("Only images with rows and columns can be mirrored; leave 'mirror' out.")
    turned = torch.rand(len(images), 1, 1, generator=generator, device=images.device) < 0.5
    return torch.where(turned, images.flip(2), images)


def _schedule(config: RunConfig, steps: int) -> Callable[[int], float]:
    """The learning rate's factor at each step: 1, or a warm-up over a tenth and then a fall to 0."""
    shapes = {"cosine": _half_cosine, "quadratic": lambda progress: 1 - progress**2}
    return _falling(steps, shapes[config.schedule]) if config.schedule in shapes else lambda step: 1.0


def _half_cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


def _falling(steps: int, shape: Callable[[float], float]) -> Callable[[int], float]:
    warm_up = max(1, round(0.1 * steps))

    def factor(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        return shape(min(1.0, (step - warm_up) / max(1, steps - warm_up)))

    return factor


def device_of() -> torch.device:
    """Where models train: what `AECORE_DEVICE` names, cpu, cuda or mps; with "auto" or nothing, a GPU if there is one.

    Raises `AecoreError` where torch has no such device.
    """
    able = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    name = os.environ.get("AECORE_DEVICE") or "auto"
    if name == "auto":
        name = next(device for device, there in able.items() if there)
    if not able.get(name):
        raise AecoreError(
            f"There is no device '{name}' to train on; choose {', '.join(filter(able.get, able))} or auto."
        )
    return torch.device(name)


def precision_of(config: RunConfig, device: torch.device) -> str:
    """The precision of the matrix products: the config's, or for "auto" bfloat16 where `device` has it in hardware."""
    if config.precision != "auto":
        return config.precision
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    able = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


def diverged(where: str, good: int, config: RunConfig) -> AecoreError:
    """What to say of a loss that is no finite number; `good`: the last epoch whose snapshot is sound, 0 for none."""
    kept = f"the last good snapshot is that of epoch {good}" if good else "there is no good snapshot"
    return AecoreError(
        f"Training diverged {where}: the loss is no longer a finite number, and {kept}; "
        f"start a run with a lower learning rate (lr is {config.lr:g})."
    )


def _batches(tensor: Tensor, size: int) -> Iterator[Tensor]:
    return (tensor[start : start + size] for start in range(0, len(tensor), size))


def _nest(flat: Mapping[str, Tensor]) -> dict[str, dict[str, dict[str, dict[str, Tensor]]]]:
    """'a/b/c' keys as nested dicts; the last level of 'model/…' names stays whole."""
    nested: dict[str, dict[str, dict[str, dict[str, Tensor]]]] = {}
    for name, tensor in flat.items():
        *path, leaf = name.split("/")
        place: dict[str, object] = nested  # type: ignore[assignment]
        for part in path:
            place = place.setdefault(part, {})  # type: ignore[assignment]
        place[leaf] = tensor
    return nested


def evaluate_terms(model: Model, images: Tensor, generator: Generator) -> tuple[dict[str, float], Tensor]:
    """Means over `images`, uint8 (n, h, w) or (n, pixels), and the images' codes, (n, latent_dim).

    The means are those of the objectives' terms, of their `loss`, and of `sse`.
    """
    sums: dict[str, float] = {}
    codes: list[Tensor] = []
    with torch.no_grad():
        for batch in _batches(images, 2048):
            x = model.pixels(batch)
            codes.append(model.encode(x))
            values = {"sse": (model.decode(codes[-1]) - x).square().sum(1)}
            for objective in model.objectives():
                terms = objective.terms(x, generator)
                values |= terms
                values["loss"] = values.get("loss", 0.0) + objective.loss(terms).expand(len(x))
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + float(value.sum())
    return {name: total / len(images) for name, total in sums.items()}, torch.cat(codes)


def descend(losses: Iterable[Tensor], parameters: Sequence[nn.Parameter], lr: float, steps: int) -> Iterator[float]:
    """Adam, once for each of the `steps` losses, which come out one after another as numbers.

    The learning rate rises to `lr` over the first tenth and falls to 0 along half a cosine. A loss is asked for
    when the parameters stand where it is to be measured, so `losses` is a generator.
    """
    optimiser, rate = Adam(parameters, lr), _falling(steps, _half_cosine)
    for step, loss in enumerate(losses):
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = gradient
        optimiser.param_groups[0]["lr"] = lr * rate(step)
        optimiser.step()
        yield loss.item()
