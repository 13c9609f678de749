"""A module with the parameters of a checkpoint, or one error with all that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from tldr_search.backbones.checkpoints.misfits import Wanted, guess, misfits
from tldr_search.backbones.checkpoints.rules import Converted, Layout, convert


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """The module with parameters that have no memory yet; buffers that no checkpoint has (positions) are made as usual."""

    def move(_: nn.Module, __: str, parameter: nn.Parameter | None) -> nn.Parameter | None:
        if parameter is None or parameter.is_meta:  # a second name of one parameter; the answer None leaves it as it is
            return None
        return nn.Parameter(parameter.to("meta"), requires_grad=parameter.requires_grad)

    hook = nn.modules.module.register_module_parameter_registration_hook(move)  # type: ignore[arg-type]  # declared without an answer
    try:
        return build().eval().requires_grad_(False)
    finally:
        hook.remove()


def fill(model: nn.Module, converted: Converted, origin: str, layout: Layout, wanted: Wanted) -> nn.Module:
    """`model` with the parameters of a checkpoint, frozen; one `ValueError` with every key that does not fit.

    Parameters of parts that the model does not have at all (a text tower beside a video side) are not used.
    """
    parts = {name.partition(".")[0] for name in model.state_dict()}
    here = {name: value for name, value in converted.tensors.items() if name.partition(".")[0] in parts}
    expected, given = _shapes(model.state_dict()), _shapes(here)
    problems = misfits(expected, given, [*converted.unknown, *(converted.sources[name] for name in given.keys() - expected.keys())])
    if problems:
        raise _error(origin, wanted, guess(layout, converted.tensors, wanted), problems + _classes(given, wanted))
    model.load_state_dict(_tied(model, here), assign=True)
    return model


def of_another_kind(model: nn.Module, state: Mapping[str, Tensor], origin: str, layout: Layout | None, wanted: Wanted) -> ValueError:
    """The error for a file of another family, or of none that is known: nothing in it fits."""
    tensors = convert(state, layout).tensors if layout else {}
    return _error(origin, wanted, guess(layout, tensors, wanted), misfits(_shapes(model.state_dict()), {}, state))


def _error(origin: str, wanted: Wanted, looks: str, problems: list[str]) -> ValueError:
    return ValueError(f"checkpoint {origin!r} does not fit {wanted.arch.name}: {looks}: {'; '.join(problems)}")


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in tensors.items()}


def _classes(given: Mapping[str, torch.Size], wanted: Wanted) -> list[str]:
    """The commonest misfit: a classifier of another data set."""
    head = given.get("head.weight")
    differs = head is not None and wanted.arch.num_classes not in (0, head[0])
    return [f"num_classes={head[0]} would be accepted"] if head is not None and differs else []


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
