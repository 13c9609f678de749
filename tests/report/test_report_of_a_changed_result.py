"""A result whose model somebody changed: refused with the file's name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tldr_search.commands.reports import read
from tldr_search.study.result import Result, save


@pytest.mark.parametrize(
    "model,said",
    [("videomae-s", "in layer 1 of 12, where 1568 tokens arrive"), ("umt-x", "unknown model 'umt-x'"), ("swin-t", "swin-t")],
)
def test_winners_of_another_cost_model(model: str, said: str, result: Result, tmp_path: Path) -> None:
    (winner,) = [w for w in result.winners if w.method == "vid-tldr" and w.budget == 180]
    point = dataclasses.replace(winner, schedule=(800, *(0,) * (len(winner.schedule) - 1)))
    path = tmp_path / "result.json"
    save(dataclasses.replace(result, winners=(point,), cost_model="umt-b"), path)
    assert read(tmp_path).winners == (point,)
    save(dataclasses.replace(result, winners=(point,), cost_model=model), path)
    with pytest.raises(ValueError, match="the file as the study wrote it would be accepted") as raised:
        read(tmp_path)
    assert str(raised.value).startswith(f"{path}: ")
    assert said in str(raised.value)
