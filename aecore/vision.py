"""torchvision, also where its wheel was built for another torch and its compiled operators do not load."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

import torch

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: list[torch.library.Library] = []  # a declaration lasts as long as its library object


def torchvision() -> ModuleType:
    """The module. Without its operators it still loads, transforms and downloads, once they are declared.

    Call it before importing torchmetrics, which imports torchvision itself.
    """
    try:
        return import_module("torchvision")
    except RuntimeError:  # "operator torchvision::nms does not exist"
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for operator in _OPERATORS:
            library.define(operator)  # type: ignore[no-untyped-call]
        _kept.append(library)
        return import_module("torchvision")
