"""Time left weighs by cost; the bar says what matters."""

from __future__ import annotations

import pytest

from tldr_search.study.progress import Bar, Effort, Status, seconds_left


def test_time_left_is_weighted_by_cost() -> None:
    to_come = [Effort("search", 100), Effort("report", 300)]
    assert seconds_left([], to_come) is None
    assert seconds_left([Effort("search", 100, 2.0)], to_come) == pytest.approx(2 + 6)
    assert seconds_left([Effort("search", 100, 2.0), Effort("report", 300, 9.0)], to_come) == pytest.approx(2 + 9)
    assert seconds_left([Effort("search", 100, 2.0)], to_come, workers=4) == pytest.approx(2)


def test_no_bar_before_an_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.update(Status(0, 9, None, None))
    assert capsys.readouterr().err == ""
    bar.say("a line")
    bar.close()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "a line\n")


def test_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.update(Status(3, 9, None, 75.0))
    bar.say("a line")
    bar.close()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "3/9" in shown.err
    assert "01:15 left" in shown.err
    assert "a line" in shown.err
