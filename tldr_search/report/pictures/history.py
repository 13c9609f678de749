"""How the search at the budget went: the best score so far against what was computed for it."""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.report.rows import methods, same_rung
from tldr_search.report.style import Style, searched_styles
from tldr_search.report.words import amount_text, method_name, metric_name
from tldr_search.study.result import Point, Result

SUBTITLE = "the best score so far as a line, every trial as a mark at its end; the sampler may trust a known shape more than one score"


class Trial(NamedTuple):
    """One trial."""

    passes: float
    """Over the videos of the search split, of this method's probes and trials up to its end."""
    score: float | None
    """In per cent; None if it was stopped early, since its score compares with no other then."""
    schedule: tuple[int, ...]
    chosen: bool
    """It is the schedule that was measured on the report split."""


class Progress(NamedTuple):
    """One method."""

    method: str
    label: str
    style: Style
    start: float
    """Passes of its probes, which come first."""
    trials: tuple[Trial, ...]
    """In their order."""

    @property
    def best(self) -> tuple[tuple[float, float], ...]:
        """(passes, best score so far) after each trial that was finished."""
        found, highest = [], float("-inf")
        for trial in self.trials:
            if trial.score is not None:
                highest = max(highest, trial.score)
                found.append((trial.passes, highest))
        return tuple(found)


class History(NamedTuple):
    """How the search went."""

    title: str
    subtitle: str
    alt: str
    x_label: str
    y_label: str
    lines: tuple[Progress, ...]
    base: float
    """Score of the unreduced model on the search split."""
    base_label: str
    probes_label: str
    """Empty if no layer was probed."""
    chosen_label: str
    stopped_label: str
    """Empty if no trial was stopped early."""


def history(result: Result) -> History:
    """One line per method, at the budget asked for."""
    lines = tuple(_progress(result, method, style) for method, style in searched_styles(methods(result.winners)).items())
    stopped = any(trial.score is None for line in lines for trial in line.trials)
    where = f"{result.search_split} split"
    return History(
        title=f"How the search at {amount_text(result.budget, result.unit)} went",
        subtitle=SUBTITLE,
        alt=_alt(result, lines),
        x_label=f"passes over the videos of the {where}, method by method",
        y_label=f"{metric_name(result.objective)} (%), {where}",
        lines=lines,
        base=result.base_search.score,
        base_label="unreduced model",
        probes_label="probes of single layers, which come first" if result.probes else "",
        chosen_label=f"ringed: what the sampler chose, measured again on the {result.report_split} split",
        stopped_label="stopped early: significantly worse on a part of the videos" if stopped else "",
    )


def _progress(result: Result, method: str, style: Style) -> Progress:
    videos = result.base_search.num_videos
    start = passes = sum(p.num_videos for p in result.probes if p.method == method) / videos
    winner = next((w.schedule for w in result.winners if w.method == method and same_rung(w.budget, result.budget)), None)
    trials = []
    for point in _trials(result, method):
        passes += point.num_videos / videos
        whole = point.part == 1
        trials.append(Trial(passes, point.score if whole else None, point.schedule, whole and point.schedule == winner))
    return Progress(method, method_name(method), style, start, tuple(trials))


def _trials(result: Result, method: str) -> list[Point]:
    return [t for t in result.trials if t.method == method and same_rung(t.budget, result.budget)]


def _alt(result: Result, lines: tuple[Progress, ...]) -> str:
    ends = "; ".join(
        f"{line.label} reached {line.best[-1][1]:.1f} % after {line.trials[-1].passes:.1f} passes ({len(line.trials)} trials)"
        for line in lines
        if line.best
    )
    return (
        f"Best {metric_name(result.objective)} so far on the {result.search_split} split against passes over its videos, at "
        f"{amount_text(result.budget, result.unit)}: {ends}. The unreduced model scores {result.base_search.score:.1f} % there."
    )
