"""The file of an ablation, and its report written again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up import MadeUp

from tldr_search.ablation.design import design
from tldr_search.ablation.result import RESULT, load, save
from tldr_search.ablation.run import SETTINGS, run_ablation
from tldr_search.config import AblationConfig
from tldr_search.report.ablation import rewrite, write_ablation
from tldr_search.study.progress import Silent

Config = Callable[..., AblationConfig]


def finished(settings: AblationConfig) -> Path:
    run_ablation(settings, design(settings), MadeUp(), {}, "command", Silent())
    return settings.directory


def test_the_report_is_written_again(config: Config, tmp_path: Path) -> None:
    run = finished(config("informativeness"))
    result = load(run / RESULT)
    first = {p.name: p.read_bytes() for p in write_ablation(result, tmp_path / "first")}
    again, paths = rewrite(run)
    assert again == result
    assert {p.name: p.read_bytes() for p in paths} == first
    assert {p.parent for p in paths} == {run}
    _, paths = rewrite(run, tmp_path / "else")
    assert {p.name: p.read_bytes() for p in paths} == first
    assert {p.parent for p in paths} == {tmp_path / "else"}


def test_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no ablation\.json; the directory of a finished ablation"):
        rewrite(tmp_path)


@pytest.mark.parametrize(
    ("way", "value", "says"),
    [
        (("what",), "why", "what 'why'; one of where, informativeness, shape"),
        (("variants",), [], "variants: none"),
        (("variants", 0, "place"), 1, r"variants\[0\]\.place: 1; text"),
        (("variants", 1, "point", "outcomes"), [1.0], r"variants\[1\]\.point: 1 outcomes; one for each of 200"),
        (("variants", 1, "point", "outcomes", 0), None, r"variants\[1\]\.point\.outcomes\[0\]: None; a number"),
        (("base", "gflops"), 0, "base: 0 GFLOPs"),
        (("left_out",), [None], r"left_out\[0\]: None; text"),
        (("seconds",), "long", "seconds: 'long'; a number"),
    ],
)
def test_what_is_damaged_is_told_in_one_line(config: Config, way: tuple[str | int, ...], value: object, says: str) -> None:
    path = finished(config("informativeness")) / RESULT
    fields = json.loads(path.read_text())
    place: Any = fields
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = value
    path.write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=f"no result of an ablation, or a damaged one .*{says}") as told:
        load(path)
    assert "\n" not in str(told.value)


def test_damaged_settings_are_told_in_one_line(config: Config) -> None:
    settings = config("informativeness")
    run = finished(settings)
    for text in ("", "[1]", "a: [", "3"):
        (run / SETTINGS).write_text(text)
        with pytest.raises(ValueError, match=rf"{SETTINGS} holds no settings, or damaged ones") as told:
            run_ablation(settings, design(settings), MadeUp(), {}, "command", Silent())
        assert "\n" not in str(told.value)


def test_nothing_partial_is_left(config: Config) -> None:
    run = finished(config("informativeness"))
    save(load(run / RESULT), run / RESULT)
    assert not [p for p in run.iterdir() if "partial" in p.name]
