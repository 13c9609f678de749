"""Rules that settings keep. A rule that needs a setting which broke one before is left out, so every mistake is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from tldr_search.names import near
from tldr_search.schedule import LARGEST

T = TypeVar("T")

SETTLED = ("benchmark", "task", "objective")
"""What decides the task, which is a field or follows from one."""
WHERE = ("model", "data", "annotations", "videos", "num_classes", *SETTLED)
"""What decides, besides its name, where a split lies: without labels the task is one that the model can do."""
SHAPING = ("frames", "num_classes", *SETTLED)
"""What decides, besides the model, the shape of what is evaluated."""


class Rule(NamedTuple):
    """What must be true of one setting."""

    field: str
    """The setting that is wrong if there are mistakes."""
    mistakes: Iterable[str]
    """One line each; a generator, which looks at nothing before it is asked."""
    needs: tuple[str, ...] = ()
    """The other settings that must be right for the rule to make sense."""


class Mistakes(NamedTuple):
    """What is wrong with settings."""

    lines: tuple[str, ...]
    """One per mistake."""
    fields: frozenset[str]
    """The settings that they are about."""


def broken(rules: Iterable[Rule]) -> Mistakes:
    """The mistakes of all rules, in their order."""
    lines: list[str] = []
    wrong: set[str] = set()
    for rule in rules:
        if wrong.isdisjoint((rule.field, *rule.needs)) and (found := list(rule.mistakes)):
            lines += found
            wrong.add(rule.field)
    return Mistakes(tuple(lines), frozenset(wrong))


def one_of(field: str, value: str | None, known: Iterable[str], everything: str = "") -> Iterator[str]:
    """None is the default of a setting that may be left out; `everything` says where a long list is told."""
    names = list(known)
    if value is not None and value not in names:
        yield f"{field}: unknown {value!r}; {near(value, names, everything)}"


def at_least(field: str, value: int, least: int, most: int = LARGEST) -> Iterator[str]:
    """Whether a whole number is big enough, and not too big; `of_type` has seen to it that it is no larger than `LARGEST`."""
    if not least <= value <= most:
        yield f"{field}: {value}; a whole number from {least}{f' to {most}' * (most < LARGEST)} would be accepted"


def each(check: Callable[[T], object], values: Iterable[T], where: str = "") -> Iterator[str]:
    """What `check` raises for each of the values, after `where` if it does not say itself which setting it is about."""
    for value in values:
        try:
            check(value)
        except ValueError as error:
            yield f"{where}{error}"
