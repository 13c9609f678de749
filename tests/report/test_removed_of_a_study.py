"""What a study shows of its winners: computed once, and never in the way of its report."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tldr_search.commands import visualizations
from tldr_search.config import HOW, StudyConfig, default_study
from tldr_search.insight import removal
from tldr_search.insight.record import load
from tldr_search.study.result import Result


@pytest.fixture
def config(tmp_path: Path) -> StudyConfig:
    return default_study(out=str(tmp_path), shown_clips=1)


def test_winners_at_the_budget_are_shown_the_best_first(config: StudyConfig, result: Result) -> None:
    visualizations.look(config, result)
    found = load(config.directory / "removed.npz")
    assert found.names == ("report/000.mp4",)
    assert {r.method for r in found.reductions} == {"vid-tldr", "tome", "sta"}
    winners = {p.method: p for p in result.winners if p.budget == result.budget}
    for r in found.reductions:
        assert (r.schedule, r.evaluated, r.gflops) == (winners[r.method].schedule, winners[r.method].evaluated, winners[r.method].gflops)
        assert r.tokens_left(0) < 288


def test_what_fits_is_not_computed_again(config: StudyConfig, result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config.directory / "removed.npz"
    visualizations.look(config, result)
    calls = []
    compute = visualizations._of_study
    monkeypatch.setattr(visualizations, "_of_study", lambda *given: calls.append(given) or compute(*given))
    visualizations.look(config, result)
    assert not calls
    visualizations.look(dataclasses.replace(config, shown_clips=2), result)
    assert len(load(path).names) == 2
    fewer = dataclasses.replace(result, winners=tuple(p for p in result.winners if p.method != "sta"))
    visualizations.look(config, fewer)
    assert {r.method for r in load(path).reductions} == {"vid-tldr", "tome"}
    path.write_bytes(b"damaged")
    visualizations.look(config, fewer)
    assert load(path).names == ("report/000.mp4",)
    assert len(calls) == 3


def test_a_failure_is_told_and_loses_nothing(
    config: StudyConfig, result: Result, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("out of\nmemory")

    monkeypatch.setattr(removal, "removal", fail)
    visualizations.look(config, result)
    assert "could not be computed: out of memory" in capsys.readouterr().err
    assert not [*config.directory.iterdir()]


def test_none_may_be_shown_and_it_is_the_same_study(config: StudyConfig, result: Result) -> None:
    visualizations.look(dataclasses.replace(config, shown_clips=0), result)
    assert not [*config.directory.iterdir()]
    assert "shown_clips" in HOW
    with pytest.raises(ValueError, match="shown_clips: -1; a whole number from 0"):
        default_study(shown_clips=-1)
