"""JSON as typed records: what fits is what was written, what doesn't is told by the name of its field."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tldr_search.records import restored, versioned


class Inner(NamedTuple):
    name: str
    counts: tuple[int, ...]
    share: float = 1.0


@dataclasses.dataclass(frozen=True)
class Outer:
    one: Inner
    several: tuple[Inner, ...]
    grid: tuple[int, int, int]
    scores: tuple[float, ...]
    metrics: Mapping[str, float]
    anything: Mapping[str, object]
    found: bool
    weights: str | None
    peak: float | None


RECORD = {
    "one": {"name": "a", "counts": [1, 2], "share": 0.5},
    "several": [{"name": "b", "counts": []}],
    "grid": [1, 2, 3],
    "scores": [1, 0.5],
    "metrics": {"r1": 50},
    "anything": {"x": [None]},
    "found": True,
    "weights": None,
    "peak": 2,
}


def test_what_fits() -> None:
    found = restored(Outer, json.loads(json.dumps(RECORD)))
    assert found == Outer(
        Inner("a", (1, 2), 0.5), (Inner("b", ()),), (1, 2, 3), (1.0, 0.5), {"r1": 50.0}, {"x": [None]}, True, None, 2.0
    )  # fmt: skip
    assert {type(score) for score in (*found.scores, found.metrics["r1"], found.peak)} == {float}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("one", [], r"one: \[\]; an object would be accepted"),
        ("one", {"name": "a"}, "one lacks counts"),
        ("one", {"name": "a", "counts": [], "more": 1}, "one has 'more', which is no field of it"),
        ("one", {"name": 3, "counts": []}, r"one\.name: 3; text would be accepted"),
        ("several", [RECORD["one"], {"name": "b", "counts": [1, 2.0]}], r"several\[1\]\.counts\[1\]: 2\.0; a whole number"),
        ("several", [{"name": "b", "counts": [True]}], r"several\[0\]\.counts\[0\]: True; a whole number"),
        ("several", {}, r"several: \{\}; a list"),
        ("grid", [1, 2], r"grid: \[1, 2\]; a list of 3"),
        ("scores", [0.5, "1"], r"scores\[1\]: '1'; a number"),
        ("scores", [0.5, None], r"scores\[1\]: None; a number"),
        ("scores", [float("nan")], r"scores\[0\]: nan; a number"),
        ("scores", [10**400], r"scores\[0\]: 1000+\.\.\.0+; a number"),
        ("metrics", {"r1": float("inf")}, r"metrics\.r1: inf; a number"),
        ("metrics", None, "metrics: None; an object"),
        ("anything", [], r"anything: \[\]; an object"),
        ("found", 1, "found: 1; true or false"),
        ("weights", 1, "weights: 1; text"),
        ("peak", False, "peak: False; a number"),
    ],
)
def test_what_does_not(field: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}"):
        restored(Outer, {**RECORD, field: value})


def test_a_long_value_is_told_in_short() -> None:
    with pytest.raises(ValueError, match="one: 'xxx") as told:
        restored(Outer, {**RECORD, "one": "x" * 10_000})
    assert len(str(told.value)) < 120


def test_the_version_comes_off_the_fields() -> None:
    assert versioned('{"format": 3, "a": 1}') == (3, {"a": 1})
    for text in ("", "[]", "3", "{}", '{"format": 3', "[" * 100_000):
        with pytest.raises(ValueError):
            versioned(text)
