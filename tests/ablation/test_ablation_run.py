"""Measured once, kept at once; an interrupted ablation goes on; never with other settings."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from made_up import MadeUp

from tldr_search.__main__ import main
from tldr_search.ablation import result as results
from tldr_search.ablation.design import design
from tldr_search.ablation.run import RESULT, run_ablation
from tldr_search.report.ablation.rows import rows
from tldr_search.scores import Rate, bootstrap_interval, by_video
from tldr_search.study.progress import Silent


def test_every_variant_and_the_unreduced_model_are_measured_once(config) -> None:
    settings, measure, shown = config("where"), MadeUp(), Silent()
    found = run_ablation(settings, design(settings), measure, {}, "command", shown)
    assert len(measure.calls) == len(set(measure.calls)) == 13
    assert measure.calls[0] == ("none", (), settings.measured_split, "t2v_r1", 1.0)
    assert [v.place for v in found.variants] == [str(layer) for layer in range(1, 13)]
    for variant, planned in zip(found.variants, design(settings).variants, strict=True):
        request = next(r for r in measure.calls if r.schedule == planned.on_budget.evaluated)
        assert variant.point.outcomes == MadeUp()(request).outcomes
        assert variant.point.gflops == planned.on_budget.gflops
    assert (shown.last.done, shown.last.total, shown.last.seconds_left) == (13, 13, 0)
    assert results.load(settings.directory / RESULT) == found


def test_an_interrupted_ablation_goes_on_where_it_was(config) -> None:
    settings, first, second = config("where"), MadeUp(stop_after=5), MadeUp()
    shown = Silent()
    with pytest.raises(KeyboardInterrupt):
        run_ablation(settings, design(settings), first, {}, "", shown)
    assert "the same command goes on from there" in shown.said[-1]
    found = run_ablation(settings, design(settings), second, {}, "", Silent())
    assert (len(first.calls), len(second.calls)) == (5, 8)
    assert not set(first.calls) & set(second.calls)
    whole = config("where", out=str(settings.directory) + "-whole")
    assert found.variants == run_ablation(whole, design(whole), MadeUp(), {}, "", Silent()).variants
    third = MadeUp()
    run_ablation(settings, design(settings), third, {}, "", Silent())
    assert not third.calls


def test_other_settings_are_refused_and_say_which(config) -> None:
    settings = config("where")
    with pytest.raises(KeyboardInterrupt):
        run_ablation(settings, design(settings), MadeUp(stop_after=2), {"weights": "a"}, "", Silent())
    for other, identity, says in (
        (config("where", r=30), {"weights": "a"}, "r: None then, 30 now"),
        (settings, {"weights": "b"}, "weights: 'a' then, 'b' now"),
    ):
        with pytest.raises(ValueError, match=rf"was made with other settings \({says}\); another directory with --out") as error:
            run_ablation(other, design(other), MadeUp(), identity, "", Silent())
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(("fields", "says"), [
    ({"what": "where"}, "400 of 2352 tokens leave one layer"),
    ({"what": "where", "methods": ("sta",), "r": 30}, "90 to 360 of 2352 tokens leave one layer"),
    ({"what": "informativeness", "schedule": "300,0,60"}, "schedule 300,0,60"),
    ({"what": "shape", "budget": "60%", "methods": ("tome",)}, "schedules of 182.0 GFLOPs at most"),
])  # fmt: skip
def test_what_the_variants_have_in_common(config, fields: dict[str, object], says: str) -> None:
    settings = config(**fields)
    assert run_ablation(settings, design(settings), MadeUp(), {}, "", Silent()).asked == says


def test_videos_with_several_samples(config) -> None:
    """Their intervals and differences are over videos; what is saved is read."""

    class Captioned(MadeUp):
        def __call__(self, request):
            found = super().__call__(request)
            videos = np.repeat(np.arange(60), np.arange(60) % 7 + 1)[:200]
            fared, names = by_video(Rate(np.array(found.outcomes), videos, found.sample_ids))
            return dataclasses.replace(found, outcomes=fared.values, counts=fared.counts, sample_ids=names)

    settings = config("informativeness")
    found = run_ablation(settings, design(settings), Captioned(), {}, "", Silent())
    assert results.load(settings.directory / RESULT) == found
    assert (found.num_samples, found.num_videos) == (200, len(found.base.outcomes))
    assert len(set(found.base.counts)) == 7
    for row in rows(found):
        point = row.measured.point
        assert row.ci95 == bootstrap_interval(point.outcomes, point.counts)
        assert row.to_base.points == pytest.approx(point.score - found.base.score)
        assert row.ci95[0] < point.score < row.ci95[1] <= 100


def test_nothing_is_left_where_nothing_was_measured(config) -> None:
    settings = config("where")
    with pytest.raises(RuntimeError):
        run_ablation(settings, design(settings), MadeUp(0, RuntimeError), {}, "", Silent())
    assert not settings.directory.exists()


def test_damaged_and_other_results_are_refused(tmp_path) -> None:
    path = tmp_path / RESULT
    path.write_text("{")
    with pytest.raises(ValueError, match="is no result of an ablation"):
        results.load(path)
    path.write_text('{"format": "ablation 1"}')
    with pytest.raises(ValueError, match="another version"):
        results.load(path)


class FakeEvaluator(MadeUp):
    """Stands where the model would be loaded."""

    def __init__(self, config: object) -> None:
        super().__init__()

    def close(self) -> None:
        """Nothing was started."""


def test_the_command_prints_the_table_and_the_files(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("tldr_search.evaluate.Evaluator", FakeEvaluator)
    assert main(["ablate", "informativeness", "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.replace(str(tmp_path), "").splitlines())) <= 100
    assert "merged, rollout" in out
    for suffix in ("png", "svg", "pdf"):
        assert (tmp_path / "run" / f"ablation.{suffix}").stat().st_size > 1000
    assert main(["ablate", "informativeness", "--json", "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert len(found["variants"]) == 6
    assert found["base"]["gflops"] == 303.3434


def test_mistakes_end_with_2_and_leave_nothing(tmp_path, capsys) -> None:
    for given, says in (
        (["were"], "did you mean where"),
        (["where", "--method", "vid-tldr", "--r", "2000"], "nothing is left to measure"),
        (["shape", "--budget", "3gflops", "--method", "sta"], "nothing is left to measure"),
    ):
        assert main(["ablate", *given, "--out", str(tmp_path / "run")]) == 2
        assert says in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
