"""A module with the parameters of a checkpoint, or one error with all that does not fit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from tldr_search.backbones.checkpoints.files import Checkpoint
from tldr_search.backbones.checkpoints.misfits import Wanted, guess, misfits
from tldr_search.backbones.checkpoints.reading import one_line, quoted
from tldr_search.backbones.checkpoints.rules import Converted, Layout, convert

M = TypeVar("M", bound=nn.Module)


def on_meta(build: Callable[[], M]) -> M:
    """The module with parameters that have no memory yet; buffers that no checkpoint has (positions) are made as usual."""
    here = threading.get_ident()

    def move(_: nn.Module, __: str, parameter: nn.Parameter | None) -> nn.Parameter | None:
        # The answer None leaves it as it is: a second name of one parameter, or what another thread builds (the hook is process-wide)
        if parameter is None or parameter.is_meta or threading.get_ident() != here:
            return None
        return nn.Parameter(parameter.to("meta"), requires_grad=parameter.requires_grad)

    hook = nn.modules.module.register_module_parameter_registration_hook(move)  # type: ignore[arg-type]  # declared without an answer
    try:
        return build().eval().requires_grad_(False)
    finally:
        hook.remove()


def unfit(model: nn.Module, converted: Converted) -> list[str]:
    """Every key that does not fit. Parameters of parts that the model does not have at all (a text tower) are not used."""
    here, expected = _parts(model, converted.tensors), _shapes(model.state_dict())
    unknown = [*converted.unknown, *(converted.sources[name] for name in here.keys() - expected.keys())]
    return misfits(expected, _shapes(here), unknown, converted.odd)


def fill(model: M, converted: Converted) -> M:
    """`model`, which fits, with the parameters of a checkpoint."""
    model.load_state_dict(_tied(model, _parts(model, converted.tensors)), assign=True)
    return model


def misfit(origin: str, wanted: Wanted, looks: str, problems: Iterable[str]) -> ValueError:
    """The one line with all of it."""
    return ValueError(one_line(f"checkpoint {quoted(origin)} does not fit {wanted.arch.name}: {looks}: {'; '.join(problems)}"))


def of_another_kind(model: nn.Module, file: Checkpoint, state: Mapping[str, Tensor], layout: Layout | None, wanted: Wanted) -> ValueError:
    """The error for a file of another family, or of none that is known: nothing in it fits."""
    tensors = convert(state, layout).tensors if layout else {}
    problems = misfits(_shapes(model.state_dict()), {}, [*state, *file.others])
    return misfit(file.origin, wanted, guess(layout, tensors, wanted), problems)


def _parts(model: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of the parts that the model has."""
    parts = {name.partition(".")[0] for name in model.state_dict()}
    return {name: value for name, value in tensors.items() if name.partition(".")[0] in parts}


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in tensors.items()}


def _tied(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One parameter for two names that are one in the model, unless the checkpoint gives them different values."""
    first: dict[int, str] = {}
    tied = dict(state)
    for name, parameter in model.named_parameters(remove_duplicate=False):
        other = first.setdefault(id(parameter), name)
        if other == name:
            tied[name] = nn.Parameter(state[name], requires_grad=False)
        elif torch.equal(state[other], state[name]):
            tied[name] = tied[other]
    return tied
