"""A study before it begins."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tldr_search import show
from tldr_search.config import StudyConfig
from tldr_search.scores import Evaluation, Request
from tldr_search.study.grounds import grounds
from tldr_search.study.plan import Speed, plan, record, speed
from tldr_search.study.size import Size


@pytest.fixture
def config(small: Callable[..., StudyConfig]) -> StudyConfig:
    """Two methods, three rungs (125, 180, 240), 6 trials at 180 and 2 elsewhere."""
    return small(probes=False)


@pytest.fixture
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tldr_search.study.plan.size", lambda *arguments: Size(5, 0.0))


@pytest.mark.usefixtures("_uncounted")
def test_every_evaluation_is_planned(config: StudyConfig) -> None:
    found = plan(config, grounds(config))
    jobs = {(job.what, job.split): job for job in found.jobs}
    assert jobs["trials", "search"].evaluations == 2 * (6 + 2 + 2)
    assert jobs["winners", "report"].evaluations == 2 * 3
    assert jobs["baselines", "report"].evaluations == 3
    assert jobs["known shapes", "report"].evaluations == 2 * 2 + 3 * 4 - 1  # of STA constant r and its own shape are one
    assert ("probes", "search") not in jobs
    base = 303.3
    assert jobs["trials", "search"].reduced == pytest.approx(2 * (6 * 180 + 2 * 125 + 2 * 240) / base, rel=1e-3)
    assert found.seconds is None


@pytest.mark.usefixtures("_uncounted")
def test_probes_are_parts_of_a_pass(small: Callable[..., StudyConfig]) -> None:
    config = small(methods=["tome"], probes=True)
    (probes,) = [job for job in plan(config, grounds(config)).jobs if job.what == "probes"]
    assert probes.evaluations >= 12
    assert 0 < probes.reduced < probes.passes < probes.evaluations
    for count, share in ((200, 25 / 200), (12, 1), (60, 25 / 60)):  # batches of 25 videos are whole
        known = Speed(1.0, {"search": count, "report": count})
        (probes,) = [job for job in plan(config, grounds(config), known).jobs if job.what == "probes"]
        assert probes.passes == pytest.approx(share * probes.evaluations)


@pytest.mark.usefixtures("_uncounted")
def test_time_is_that_of_gflops(config: StudyConfig) -> None:
    found = plan(config, grounds(config), Speed(0.5, {"search": 10, "report": 20}))
    expected = sum(job.reduced * {"search": 10, "report": 20}[job.split] * 0.5 for job in found.jobs)
    assert found.seconds == pytest.approx(expected)


@pytest.mark.usefixtures("_uncounted")
def test_a_method_out_of_reach_has_no_trials_there(small: Callable[..., StudyConfig]) -> None:
    config = small(methods=["tome", "sta"], baselines=[], probes=False, known_shapes=False, ladder=["12%"])
    place = grounds(config)
    assert [ground.reaches(0.12 * ground.base) for ground in place.values()] == [True, False]
    found = plan(config, place)
    assert {job.what: job.evaluations for job in found.jobs}["trials"] == 6 + 6 + 2


@pytest.mark.parametrize(
    ("sizes", "seconds"), [({0.1: 10, 0.2: 20}, 4 / 10), ({0.1: 50, 0.2: 50, 0.5: 100}, 4 / 50), ({0.1: 9, 0.2: 9, 0.5: 9, 1.0: 9}, 30 / 9)]
)
def test_loading_does_not_count_as_speed(config: StudyConfig, sizes: dict[float, int], seconds: float) -> None:
    done = [0]

    def measure(request: Request) -> Evaluation:
        new, done[0] = sizes[request.part] - done[0], sizes[request.part]
        took = 30.0 if new == done[0] else 4.0 if new else 0.0
        return Evaluation({"t2v_r1": 0.0}, request.objective, (), (), took, done[0])

    assert speed(config, measure, {}).seconds_per_video == pytest.approx(seconds)


def test_without_labels_the_model_is_not_timed_beside_itself(small: Callable[..., StudyConfig]) -> None:
    asked: list[str] = []

    def measure(request: Request) -> Evaluation:
        asked.append(request.objective)
        return Evaluation({}, request.objective, (), (), 1.0, len(asked))

    speed(small(objective="agreement"), measure, {})
    assert asked == ["t2v_r1"] * 2


@pytest.mark.usefixtures("_uncounted")
def test_how_it_looks(config: StudyConfig) -> None:
    row = json.loads(json.dumps(record(plan(config, grounds(config)))))
    text = show.plan(row)
    assert "demo: 180 GFLOPs; rungs 125, 180, 240 GFLOPs" in text
    assert "unknown until the model is loaded" in text
    assert "sta 3 93.84 303.3 5 sta,vid-tldr,constant,decreasing" in " ".join(text.split())
    timed = show.plan({**row, "seconds": 7500.0, "seconds_per_video": 0.024})
    assert "at most 2 h 5 min with one worker" in timed
    assert "as fast as just now (24 ms per video, unreduced)" in " ".join(timed.split())
    assert max(map(len, timed.splitlines())) <= 80
    assert "at most 42 s" in show.plan({**row, "seconds": 21.0 * 2, "seconds_per_video": 0.1})
