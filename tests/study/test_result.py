"""The file that a study leaves: what was saved is what is read; anything else is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tldr_search.study.result import FORMAT, Point, Result, load, save

BASE = Point("none", (), (), 303.3, 303.3, "base", 50.0, {"t2v_r1": 50.0}, (1.0, 0.0), 1.5, 303.3, 2)
TRIAL = Point("sta", (5, 0, 1), (2, 0, 0), 180.0, 180.0, "sampler", 100.0, {"t2v_r1": 100.0}, (1.0,), 0.5, 180.0, 1, 0.5)
RESULT = Result(
    name="small",
    model="umt-mini",
    cost_model="umt-b",
    overrides={"frames": 8},
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
    probes=(TRIAL,),
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
