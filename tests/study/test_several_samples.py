"""A whole study on videos with one to many samples each: score, interval and test are those of a loop, all the way to the report."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from landscape import Landscape
from optuna.trial import TrialState, create_trial
from scipy.stats import wilcoxon

from tldr_search.config import StudyConfig
from tldr_search.report import html, pictures, tables
from tldr_search.report.compare import WILCOXON, difference, interval
from tldr_search.report.compare import test_name as name_of_test
from tldr_search.report.rows import rows
from tldr_search.schedule import Schedule
from tldr_search.scores import Evaluation, Rate, Request, by_video, estimate
from tldr_search.study import directory, search
from tldr_search.study.records import CLAIM, read, to_attributes
from tldr_search.study.result import Point, Result, load
from tldr_search.study.run import run_study
from tldr_search.study.surface import Observed

Outcomes, Counts = tuple[float, ...], tuple[int, ...]


def rate_of(found: Evaluation) -> Rate:
    """The samples of `found` are of videos with 1 to 20."""
    n = len(found.outcomes)
    sizes = np.random.default_rng(n).geometric(0.15, n).clip(1, 20)
    return Rate(np.array(found.outcomes), np.repeat(np.arange(n), sizes)[:n], tuple(map(str, range(n))))


class Captioned(Landscape):
    """Its samples are captions."""

    def __call__(self, request: Request) -> Evaluation:
        found = super().__call__(request)
        fared, names = by_video(rate_of(found))
        return dataclasses.replace(found, outcomes=fared.values, counts=fared.counts, sample_ids=names, num_videos=len(fared.values))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """Of two methods at one rung, with trials that are stopped early."""
    from tldr_search.config import default_study

    run = tmp_path_factory.mktemp("clusters") / "run"
    few = {"methods": ["tome", "sta"], "ladder": [], "trials": 6, "sampler": "random", "patience": 3, "frames": 4}
    config = default_study(**few, known_shapes=False, out=str(run))
    found = run_study(config, Captioned())
    assert run_study(config, Landscape(0)) == found  # only read
    table = rows(found)
    (run / "front.json").write_text(tables.front_json(found, table))
    (run / "report.html").write_text(html.page(found, table, pictures.pictures(found, table), html.Extras()))
    return found, run


def slowly(points: list[Point], resamples: int = 3000) -> np.ndarray:
    """Ratios of hits to samples of videos that are drawn one after the other."""
    rng, n, drawn = random.Random(5), len(points[0].outcomes), []
    for _ in range(resamples):
        videos = [rng.randrange(n) for _ in range(n)]
        samples = sum(points[0].counts[v] for v in videos)
        drawn.append([100 * sum(p.counts[v] * p.outcomes[v] for v in videos) / samples for p in points])
    return np.array(drawn)


def test_counts_are_kept(finished: tuple[Result, Path]) -> None:
    found, run = finished
    assert load(run / directory.RESULT) == found
    assert len(set(found.base.counts)) > 5
    assert (found.num_samples, found.search_samples) == (300, 200)
    assert found.num_videos == len(found.base.outcomes) < 100
    for point in (found.base, *found.winners, *found.baselines):
        assert max(point.outcomes) <= 1
        assert point.score == pytest.approx(100 * sum(w * o for w, o in zip(point.counts, point.outcomes, strict=True)) / 300)
        assert point.score == pytest.approx(point.sampled.score)


def test_fields_of_both_models_are_kept(finished: tuple[Result, Path]) -> None:
    found, _ = finished
    assert (found.model, found.evaluated_overrides) == ("umt-mini", {"frames": 4})
    assert (found.cost_model, found.overrides) == ("umt-b", {})


def test_intervals_are_ratios_of_drawn_videos(finished: tuple[Result, Path]) -> None:
    found, run = finished
    points = [found.base, *found.winners]
    drawn = slowly(points)
    document = json.loads((run / "front.json").read_text())
    told = {(p["method"], p["score"]): p["ci95"] for p in document["points"]}
    page = (run / "report.html").read_text()
    for point, values in zip(points, drawn.T, strict=True):
        low, high = np.quantile(values, [0.025, 0.975])
        assert interval(point.sampled) == pytest.approx((low, high), abs=0.08 * (high - low))
        assert told[point.method, round(point.score, 4)] == pytest.approx(interval(point.sampled), abs=1e-4)
        assert f"{interval(point.sampled)[0]:.1f}" in page
    for index, winner in enumerate(found.winners, 1):
        low, high = np.quantile(drawn[:, index] - drawn[:, 0], [0.025, 0.975])
        assert difference(winner, found.base)[1:3] == pytest.approx((low, high), abs=0.08 * (high - low))
        assert difference(winner, found.base).points == pytest.approx(winner.score - found.base.score)


def test_the_test_is_a_signed_rank_test_of_hits(finished: tuple[Result, Path]) -> None:
    found, _ = finished
    assert name_of_test(p.sampled for p in (found.base, *found.winners)) == WILCOXON
    for row in rows(found):
        if row.role == "winner":
            pairs = zip(row.point.outcomes, found.base.outcomes, found.base.counts, strict=True)
            gained = [hits for a, b, w in pairs if (hits := round(w * a) - round(w * b))]
            assert row.to_base is not None
            assert row.to_base.p == pytest.approx(float(wilcoxon(gained).pvalue))


def test_an_evaluation_has_the_interval_of_a_study() -> None:
    found = Landscape()(Request("tome", (10,) * 12, "report", "t2v_r1"))
    rate = rate_of(found)
    fared, _ = by_video(rate)
    assert (estimate([rate]).low, estimate([rate]).high) == interval(fared)
    assert estimate([rate]).value == pytest.approx(fared.score)


ALL_RIGHT = Evaluation({"t2v_r1": 100.0}, "t2v_r1", (1.0, 1.0, 1.0), ("a", "b", "c"), 1.0, 3, (1, 5, 20))


def test_all_right_is_100_however_videos_are_drawn() -> None:
    assert interval(ALL_RIGHT.sampled) == (100, 100)


def test_what_a_trial_keeps_is_what_was_measured() -> None:
    """Hits of up to 81 samples are whole after float32."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 82, 500)
    fared = rng.binomial(counts, 0.6) / counts
    found = dataclasses.replace(ALL_RIGHT, outcomes=tuple(fared.tolist()), counts=tuple(counts.tolist()))
    again = _kept(to_attributes(1.0, found))
    assert (again.outcomes, again.counts) == (found.outcomes, found.counts)


@pytest.mark.parametrize(("outcomes", "objective", "is_known"), [
    ((1.0, 0.0, 1.0), "t2v_r1", True), ((0.5, 0.25, 1.0), "fidelity", True), ((0.5, 0.25, 1.0), "t2v_r1", False),
    ((1.5, 0.5, 1.0), "fidelity", False),
])  # fmt: skip
def test_a_storage_without_counts_has_one_sample_per_video_or_is_refused(
    outcomes: tuple[float, ...], objective: str, is_known: bool
) -> None:
    kept = to_attributes(1.0, Evaluation({objective: 50.0}, objective, outcomes, ("a", "b", "c"), 1.0, 3))
    del kept["part 1.0"]["most_samples"]
    if is_known:
        assert (_kept(kept).outcomes, _kept(kept).counts) == (outcomes, ())
    else:
        with pytest.raises(ValueError, match=r"3 videos with several samples each, and not how many, .*another --name") as told:
            _kept(kept)
        assert "\n" not in str(told.value)


def _kept(attributes: dict[str, object]) -> Evaluation:
    claim = {CLAIM: {"key": "1", "stamp": "", "notes": {}}}
    return read(create_trial(state=TrialState.COMPLETE, value=1.0, user_attrs={**attributes, **claim})).parts[1.0]


def test_other_numbers_of_samples_are_no_pairs(small: Callable[..., StudyConfig]) -> None:
    class Fewer(Captioned):
        """Loses the last caption after some time."""

        def __call__(self, request: Request) -> Evaluation:
            found = super().__call__(request)
            if len(self.calls) < 4:
                return found
            shorter = dataclasses.replace(found, outcomes=tuple(float(i % 2) for i in range(SAMPLES)))
            fared, names = by_video(rate_of(shorter))
            return dataclasses.replace(found, outcomes=fared.values, counts=fared.counts, sample_ids=names)

    SAMPLES = 199
    with pytest.raises(RuntimeError, match="samples that are not those of"):
        run_study(small(ladder=[], rung_trials=1), Fewer())


def test_a_search_weighs_videos_wherever_it_compares(small: Callable[..., StudyConfig], monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: dict[str, list[bool]] = {"worse": [], "stalled": [], "observed": []}
    worse, stalled, observed = search.racing.worse, search.racing.stalled, search.observed

    def worse_(a: Outcomes, b: Outcomes, alpha: float, counts: Counts = ()) -> bool:
        weighed["worse"].append(len(counts) == len(a))
        return worse(a, b, alpha, counts)

    def stalled_(trials: list[Outcomes | None], patience: int, counts: Counts = ()) -> bool:
        weighed["stalled"] += [len(counts) == len(trial) for trial in trials if trial]
        return stalled(trials, patience, counts)

    def observed_(runs: list[tuple[Schedule, dict[float, Outcomes]]], counts: dict[float, Counts] | None = None) -> list[Observed]:
        weighed["observed"] += [len((counts or {})[p]) == len(found) for _, parts in runs for p, found in parts.items()]
        return observed(runs, counts)

    monkeypatch.setattr(search.racing, "worse", worse_)
    monkeypatch.setattr(search.racing, "stalled", stalled_)
    monkeypatch.setattr(search, "observed", observed_)
    run_study(small(methods=["tome"], ladder=[], trials=4, sampler="trajectory", patience=3), Captioned())
    assert {name: (bool(found), all(found)) for name, found in weighed.items()} == dict.fromkeys(weighed, (True, True))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"counts": (1, 5)}, "2 counts of 3 outcomes"),
        ({"counts": (1, 5, 0)}, "a count of 0; samples from 1"),
        ({"counts": (1, 5, 19)}, "counts of other samples than those of the unreduced model"),
        ({"counts": ()}, "counts of other samples than those of the unreduced model"),
    ],
)
def test_counts_that_no_measurement_has(finished: tuple[Result, Path], tmp_path: Path, change: dict[str, object], says: str) -> None:
    from tldr_search.study.result import check_point

    found, _ = finished
    whole = dataclasses.replace(found.base, outcomes=ALL_RIGHT.outcomes, counts=ALL_RIGHT.counts)
    check_point(whole, "base", whole)
    with pytest.raises(ValueError, match=says):
        check_point(dataclasses.replace(whole, **change), "winners[0]", whole)
