"""Text and tables for terminals of any width and encoding."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search.report import best, screen_table, terminal
from tldr_search.report.rows import rows
from tldr_search.report.several import screen
from tldr_search.report.several.comparison import compare
from tldr_search.report.several.runs import Run
from tldr_search.study.result import Result

LINES = [["name", "first\nnumber", "second number"], ["a", "1.0", "2"], ["longer", "10.0", "3"]]


def test_what_is_typeset_is_typed() -> None:
    assert terminal.plain("vid-TLDR’s − × – a\N{NO-BREAK SPACE}b größe") == "vid-TLDR's - x - a b größe"


def test_columns_are_aligned_below_heads_of_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert terminal.aligned(LINES, [True, False, False]) == [
        "         first",
        "name    number  second number",
        "a          1.0              2",
        "longer    10.0              3",
    ]


def test_what_is_too_wide_goes_on_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "27")
    assert terminal.aligned(LINES, [True, False, False])[1] == "name   number second number"
    monkeypatch.setenv("COLUMNS", "26")
    found = terminal.aligned(LINES, [True, False, False])
    assert found == [
        "         first", "name    number", "a          1.0", "longer    10.0", "",
        "", "name    second number", "a                   2", "longer              3",
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 200])
def test_the_tables_of_a_study_are_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch, result: Result, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = screen_table(result)
    assert max(map(len, text.splitlines())) <= min(columns, 120)
    assert text.isascii()


def test_a_comparison_is_plain_and_fits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, build: Callable[..., Result]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    runs = [Run(name, tmp_path / name, build(seed=i), {"seed": i}) for i, name in enumerate(("run", "seed1"))]
    text = screen(compare(runs))
    assert "?" not in text
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    assert "seeds 0 and 1 (run, seed1)" in text
    assert "umt-mini on demo, cost of umt-b" in text
    assert "against the first run" not in text


def test_a_name_that_the_terminal_cannot_show_stops_nothing(tmp_path: Path, result: Result) -> None:
    file = tmp_path / "größe.yaml"
    own = dataclasses.replace(result, model="umt-b", winners=tuple(dataclasses.replace(w, evaluated=w.schedule) for w in result.winners))
    file.write_text(best.best_text(own, rows(own)), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tldr_search", "flops", "--method", "vid-tldr", "--schedule", str(file)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert "gr\\xf6\\xdfe.yaml" in found.stdout
