"""What a newcomer sees must be true: the clips, the weights, and that the schedule matters."""

from __future__ import annotations

import json

import pytest
from references import mcnemar

from tldr_search.backbones.architectures import architecture
from tldr_search.config import default_study
from tldr_search.cost import CostModel
from tldr_search.data.benchmarks.demo import CLASSES, ROOT
from tldr_search.demo import clips, grammar
from tldr_search.evaluate import Evaluator
from tldr_search.scores import Evaluation, Request
from tldr_search.study.budget import Ground, repair
from tldr_search.study.space import shape

MEGABYTE = 2**20


def test_sizes() -> None:
    assert sum(file.stat().st_size for file in ROOT.rglob("*.mp4")) < 10 * MEGABYTE
    assert (ROOT.parent / "umt_mini.safetensors").stat().st_size < 8 * MEGABYTE


def test_annotations_come_from_the_script() -> None:
    for split, scenes in clips.split_scenes().items():
        rows = json.loads((ROOT / f"{split}.json").read_text())
        assert [row["caption"] for row in rows] == [scene.caption for scene in scenes]
        assert [row["motion"] for row in rows] == [scene.motion for scene in scenes]
        assert all(row["question"].endswith("?") and row["answer"] for row in rows)
        assert [row["blink"] for row in rows] == [scene.blink for scene in scenes]
    assert grammar.COLOURS == CLASSES
    assert tuple((ROOT / "vocabulary.txt").read_text().split()) == grammar.vocabulary()


def test_training_never_sees_a_caption_of_the_splits() -> None:
    train = pytest.importorskip("tldr_search.demo.train")
    reserved = clips.reserved_captions()
    assert len(reserved) == 500
    assert not reserved & {scene.caption for scene in train.draw_scenes(0)}


def test_files_are_h264_video() -> None:
    av = pytest.importorskip("av")
    with av.open(str(ROOT / "report" / "299.mp4")) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "h264"
        assert min(stream.codec_context.width, stream.codec_context.height) >= 96
        assert sum(1 for _ in container.decode(stream)) >= 12


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(default_study())


def test_it_is_worth_searching_on(evaluator: Evaluator) -> None:
    """The unreduced model leaves room; 180 GFLOPs cost next to nothing; at 100 GFLOPs the method matters, on half of the clips."""
    base = evaluator(Request("none", (), "report", "t2v_r1"))
    assert 60 <= base.score <= 92
    assert any(measure(evaluator, method, "vid-tldr", 180).score >= base.score - 3 for method in ("vid-tldr", "tome"))
    merged = measure(evaluator, "tome", "vid-tldr", 100, 0.5)
    dropped = [measure(evaluator, "random", shape, 100, 0.5) for shape in ("vid-tldr", "sta")]  # the best of the known shapes for it
    for random in dropped:
        assert merged.score >= random.score + 10
        assert mcnemar(merged.outcomes, random.outcomes) < 0.01


def measure(evaluator: Evaluator, name: str, shape_name: str, budget: float, part: float = 1.0) -> Evaluation:
    ground = Ground(CostModel(architecture("umt-b"), name), architecture("umt-mini").geometry)
    on_budget = repair(shape(shape_name, ground.method, ground.source), budget, ground)
    assert 0.998 * budget < on_budget.gflops <= budget
    return evaluator(Request(name, on_budget.evaluated, "report", "t2v_r1", part))
