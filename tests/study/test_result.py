"""The file that a study leaves: what was saved is what is read; anything else is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tldr_search.study.result import FORMAT, Point, Result, load, save

BASE = Point("none", (), (), 303.3, 303.3, "base", 50.0, {"t2v_r1": 50.0}, (1.0, 0.0), 1.5, 303.3, 2)
TRIAL = Point("sta", (5, 0, 1), (2, 0, 0), 180.0, 180.0, "sampler", 100.0, {"t2v_r1": 100.0}, (1.0,), 0.5, 180.0, 1, 0.5)
PROBE = dataclasses.replace(TRIAL, schedule=(0, 5, 0), origin="probe")
RESULT = Result(
    name="small",
    model="umt-mini",
    cost_model="umt-b",
    overrides={"frames": 8},
    evaluated_overrides={"num_classes": 5},
    checkpoint=None,
    benchmark="demo",
    task="retrieval",
    objective="t2v_r1",
    budget=180.0,
    unit="gflops",
    constraints={"first_layers": 4, "non_increasing": True},
    search_split="search",
    report_split="report",
    same_split=False,
    base_search=BASE,
    base=BASE,
    probes=(PROBE,),
    trials=(TRIAL,),
    winners=(TRIAL,),
    baselines=(),
    known=(TRIAL, TRIAL),
    notes=("something was left out",),
    seed=0,
    command="study",
    versions={"python": "3.11"},
    seconds=2.5,
)


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    save(RESULT, tmp_path / "result.json")
    assert load(tmp_path / "result.json") == RESULT


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(ValueError, match=f"another version .*format 2.*format {FORMAT} would be accepted"):
        load(tmp_path / "result.json")


@pytest.mark.parametrize("change", ["missing", "unknown", "cut", "list"])
def test_a_damaged_file_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "result.json"
    save(RESULT, path)
    fields = json.loads(path.read_text())
    if change == "missing":
        del fields["known"]
    if change == "unknown":
        fields["winners"][0]["speed"] = 1
    text = json.dumps([fields] if change == "list" else fields)
    path.write_text(text[:-9] if change == "cut" else text)
    with pytest.raises(ValueError, match="no result of a study, or a damaged one"):
        load(path)


DAMAGES: dict[str, tuple[tuple[str | int, ...], object, str]] = {
    "budget": (("budget",), "180", "budget: '180'; a number"),
    "score": (("winners", 0, "score"), "high", r"winners\[0\]\.score: 'high'; a number"),
    "too high": (("winners", 0, "score"), 100.1, r"winners\[0\]: score 100\.1; 0 to 100"),
    "versions": (("versions",), [], r"versions: \[\]; an object"),
    "metrics": (("base", "metrics"), None, r"base\.metrics: None; an object"),
    "unit": (("unit",), "euro", "unit 'euro'; one of gflops, ms, mib"),
    "overrides": (("overrides",), {"frames": "8"}, r"overrides\.frames: '8'; a whole number"),
    "same_split": (("same_split",), 0, "same_split: 0; true or false"),
    "more": (("known", 1, "outcomes"), [1.0] * 3, r"known\[1\]: 3 outcomes; one for each of 2 videos"),
    "whole": (("winners", 0, "part"), 1.0, r"winners\[0\]: 1 outcomes; one for each of 2 videos"),
    "empty": (("winners", 0, "outcomes"), [], r"winners\[0\]: 0 outcomes"),
    "none at all": (("base", "outcomes"), [], "base: 0 outcomes; one for each of 1 videos"),
    "nan": (("base", "outcomes", 1), float("nan"), r"base\.outcomes\[1\]: nan; a number"),
    "infinite": (("base", "gflops"), float("inf"), r"base\.gflops: inf; a number"),
    "rate": (("trials", 0, "outcomes", 0), 1.5, r"trials\[0\]: outcomes from 1\.5 to 1\.5; 0 to 1"),
    "negative rate": (("base", "outcomes", 0), -1, r"base: outcomes from -1 to 0; 0 to 1"),
    "free": (("base", "price"), 0, r"base: 303\.3 GFLOPs, price 0; what costs something"),
    "paid": (("winners", 0, "price"), -1.0, r"winners\[0\]: 180 GFLOPs, price -1"),
    "added": (("winners", 0, "schedule", 0), -5, r"winners\[0\]: tokens removed -5"),
    "fraction": (("winners", 0, "schedule", 0), 5.0, r"winners\[0\]\.schedule\[0\]: 5\.0; a whole number"),
    "part": (("trials", 0, "part"), 0, r"trials\[0\]: part 0"),
    "nowhere": (("probes", 0, "schedule"), [], r"probes\[0\]: schedule \(\); tokens that leave in one place"),
    "base": (("base", "method"), "tome", "base: method 'tome'"),
    "notes": (("notes",), "one", "notes: 'one'; a list"),
    "seed": (("seed",), True, "seed: True; a whole number"),
}
"""What is damaged -> where, how, and what is told."""


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_told_in_one_line(tmp_path: Path, damage: str) -> None:
    (*way, last), value, says = DAMAGES[damage]
    save(RESULT, tmp_path / "result.json")
    fields = json.loads((tmp_path / "result.json").read_text())
    place: Any = fields
    for step in way:
        place = place[step]
    assert repr(place[last]) != repr(value)
    place[last] = value
    (tmp_path / "result.json").write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=f"a damaged one .*{says}") as told:
        load(tmp_path / "result.json")
    assert "\n" not in str(told.value)


def test_a_failure_while_writing_leaves_the_old_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(RESULT, tmp_path / "result.json")

    def full(path: Path, content: bytes) -> int:
        raise OSError("no space")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        save(dataclasses.replace(RESULT, seed=1), tmp_path / "result.json")
    assert load(tmp_path / "result.json") == RESULT
