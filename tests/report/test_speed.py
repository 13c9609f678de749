"""`speed.json`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tldr_search.report.speed import Speed, Timed, fits, load, save
from tldr_search.study.result import Result


def speed_of(result: Result) -> Speed:
    """As if measured."""
    winners = [p for p in result.winners if p.budget == result.budget]
    rows = [Timed("none", (), 303.3, 1.0, 50.0, 48.0, 55.0, 20.0, None, 1.0)]
    rows += [Timed(p.method, p.schedule, p.gflops, 303.3 / p.gflops, 30.0, 29.0, 31.0, 33.3, 145.2, 1.6) for p in winners]
    return Speed(result.cost_model, dict(result.overrides), "a CPU", "2.13", "fp32", 1, 5, tuple(rows))


def test_round_trip(result: Result, tmp_path: Path) -> None:
    save(speed_of(result), tmp_path / "speed.json")
    assert load(tmp_path / "speed.json") == speed_of(result)
    assert [path.name for path in tmp_path.iterdir()] == ["speed.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "rows": [{"a": 1}]}', '{"format": 99, "rows": []}'])
def test_what_is_no_such_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "speed.json").write_text(text)
    with pytest.raises(ValueError, match="--speed` measures again"):
        load(tmp_path / "speed.json")


def test_it_is_of_these_very_schedules(result: Result) -> None:
    speed = speed_of(result)
    assert fits(speed, result)
    first, *others = result.winners
    at_budget = next(w for w in result.winners if w.budget == result.budget)
    changed = dataclasses.replace(at_budget, schedule=(at_budget.schedule[0] + 1, *at_budget.schedule[1:]))
    assert not fits(speed, dataclasses.replace(result, winners=tuple(changed if w is at_budget else w for w in result.winners)))
    assert not fits(speed, dataclasses.replace(result, winners=tuple(w for w in result.winners if w is not at_budget)))
    assert not fits(speed, dataclasses.replace(result, cost_model="umt-l"))
    assert not fits(speed, dataclasses.replace(result, overrides={"frames": 4}))
    assert fits(speed, dataclasses.replace(result, winners=(*others, first)))


def test_no_date_and_nothing_of_the_machine_but_its_device(result: Result, tmp_path: Path) -> None:
    save(speed_of(result), tmp_path / "speed.json")
    assert set(json.loads((tmp_path / "speed.json").read_text())) == {
        "format", "model", "overrides", "device", "torch", "precision", "batch_size", "turns", "rows"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("ms", None, r"rows\[1\]\.ms: None; a number"),
        ("ms", "fast", r"rows\[1\]\.ms: 'fast'; a number"),
        ("ms", 0, r"rows\[1\]: 0; measurements above 0"),
        ("speed_up", float("nan"), r"rows\[1\]\.speed_up: nan; a number"),
        ("peak_mib", "x", r"rows\[1\]\.peak_mib: 'x'; a number"),
        ("schedule", "600", r"rows\[1\]\.schedule: '600'; a list"),
        ("schedule", [1.5], r"rows\[1\]\.schedule\[0\]: 1\.5; a whole number"),
        ("overrides", None, "overrides: None; an object"),
        ("overrides", {"frames": None}, r"overrides\.frames: None; a whole number"),
        ("turns", "5", "turns: '5'; a whole number"),
        ("rows", {}, r"rows: \{\}; a list"),
    ],
)
def test_what_is_damaged_is_told_in_one_line(field: str, value: object, says: str, result: Result, tmp_path: Path) -> None:
    save(speed_of(result), tmp_path / "speed.json")
    fields = json.loads((tmp_path / "speed.json").read_text())
    place = fields if field in fields else fields["rows"][1]
    assert field in place
    place[field] = value
    (tmp_path / "speed.json").write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=f"damaged ones .*{says}.*--speed` measures again") as told:
        load(tmp_path / "speed.json")
    assert "\n" not in str(told.value)


def test_rungs_are_compared_as_everywhere(result: Result) -> None:
    """Within rounding."""
    assert fits(speed_of(result), dataclasses.replace(result, budget=result.budget * (1 + 1e-9)))
