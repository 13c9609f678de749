"""The meter weighs by cost; the bar says what matters."""

from __future__ import annotations

import pytest

from tldr_search.study.progress import Bar, Meter, Status


def test_time_left_is_weighted_by_cost() -> None:
    meter = Meter()
    meter.expect("search", 100, 2)
    meter.expect("report", 300)
    assert meter.seconds_left is None
    meter.record("search", 100, 2.0)
    assert (meter.done, meter.total) == (1, 3)
    assert meter.seconds_left == pytest.approx(2 + 6)
    meter.record("report", 300, 9.0)
    assert meter.seconds_left == pytest.approx(2)


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
