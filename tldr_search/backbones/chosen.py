"""The schedule that a study chose, for an architecture: a `best.yaml` in the place of numbers. Never imports torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.architectures import architecture
from tldr_search.reducers import METHODS, NONE, Method, get_method
from tldr_search.schedule import Geometry, Schedule, transfer
from tldr_search.winners import Scheduled, Winner, Winners, read

MOST_FRAMES = 1024
"""Per clip: more than any study evaluates."""


class Chosen(NamedTuple):
    """A method and its schedule."""

    method: str | Method
    """As `get_method` takes it."""
    schedule: Schedule
    """In the counts of the architecture that was asked for."""


def settled(arch: Architecture, method: str | Method, schedule: Scheduled) -> Chosen:
    """What to do to `arch`: as it was given, or what the `best.yaml` says of its method (`none`: of its best one).

    `ValueError` if the file is missing, is something else, is for other models, or has no such method.
    """
    return chosen(arch, method, schedule) if isinstance(schedule, str | Path) else Chosen(method, tuple(schedule))


def chosen(arch: Architecture, method: str | Method, path: str | Path) -> Chosen:
    """In the counts of the file's cost model, if that is what `arch` is, or in those of its evaluated model."""
    found, asked = read(path), get_method(method)
    winner = found.of(None if asked == NONE else asked.spec)
    counted = cost_architecture(found)
    _check(path, found, winner, counted)
    if (arch.name, arch.geometry) == (counted.name, counted.geometry):
        return Chosen(winner.method, winner.schedule)
    if arch.name == found.model and _fits(winner, counted.geometry, arch.geometry):
        return Chosen(winner.method, winner.evaluated)
    raise ValueError(f"schedule {str(path)!r} is for {_models(found, counted)}, not for {_named(arch)}; {_accepted(found, counted)}")


def following(method: str | Method, schedule: Schedule) -> Method:
    """The method; `ValueError` if there is a schedule, but nothing that follows it."""
    found = get_method(method)
    if found == NONE and any(schedule):
        raise ValueError(f"schedule {','.join(map(str, schedule))} without a method; --method {', '.join(METHODS)} would be accepted")
    return found


def cost_architecture(found: Winners) -> Architecture:
    """What the file's schedules are the counts of."""
    return architecture(found.cost_model, **found.overrides)


def _check(path: str | Path, found: Winners, winner: Winner, counted: Architecture) -> None:
    """`ValueError` if one of the two schedules is impossible, or is not the other one carried over: somebody changed the file."""
    get_method(winner.method).full(winner.schedule, counted.geometry)
    if not any(_fits(winner, counted.geometry, arch.geometry) for arch in _could_have_run(found, counted)):
        schedule, evaluated = (",".join(map(str, numbers)) for numbers in (winner.schedule, winner.evaluated))
        raise ValueError(
            f"schedule {str(path)!r}: {winner.method}'s schedule {schedule} of {found.cost_model} does not become {evaluated}, its "
            f"evaluated one, on {found.model}; the file as the study wrote it, or --schedule with numbers, would be accepted"
        )


def _could_have_run(found: Winners, counted: Architecture) -> Iterator[Architecture]:
    """The evaluated model: as it is counted, or beside a cost twin of any number of frames, of which the file says nothing."""
    if found.model == found.cost_model:
        yield counted
        return
    row = architecture(found.model)
    yield row
    for frames in range(row.tubelet, MOST_FRAMES + 1, row.tubelet):
        yield row.override(frames=frames)


def _fits(winner: Winner, counted: Geometry, evaluated: Geometry) -> bool:
    """Whether `evaluated` may be what ran: carried to it, the schedule is the one that ran."""
    method = get_method(winner.method)
    try:
        return transfer(winner.schedule, method, counted, evaluated) == method.full(winner.evaluated, evaluated)
    except ValueError:
        return False  # of another depth, or with too few tokens


def _models(found: Winners, counted: Architecture) -> str:
    return _named(counted) + (f", evaluated on {found.model}" if found.model != found.cost_model else "")


def _named(arch: Architecture) -> str:
    return f"{arch.name} at {arch.frames} frames of {arch.image_size} x {arch.image_size}"


def _accepted(found: Winners, counted: Architecture) -> str:
    names = list(dict.fromkeys([counted.name, found.model]))
    return f"{' or '.join(names)}, of these frames and sizes, would be accepted"
