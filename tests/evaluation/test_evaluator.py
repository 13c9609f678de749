"""An evaluator that is asked again and again gives what separate evaluations give, and computes nothing twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tldr_search.assembly import clips, decoder, load_model, read_split
from tldr_search.backbones.encoder import Block
from tldr_search.backbones.prefixes import Prefixes, PrefixesOfClips
from tldr_search.backbones.text.tokenizers import tokenizer_of
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.config import default_study
from tldr_search.data.benchmarks.split import RetrievalSplit
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.evaluate import Evaluator
from tldr_search.scores import Request, in_order
from tldr_search.tasks.task import Task, normalise

SIZE, SEED = 4, 3
"""Videos of a batch; 200 are in the split."""
SOME, MORE = 0.02, 0.06
"""Parts: one batch, three batches."""
TOME = Request("tome", (140, 20, 0, 30), "search", "t2v_r1", SOME)
OTHER = TOME._replace(schedule=(140, 20, 0, 40))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def fresh() -> Evaluator:
    """Asked for nothing before; its model and clips are shared by the tests."""
    return Evaluator(default_study(batch_size=SIZE), seed=SEED)


@pytest.fixture
def evaluator(fresh: Evaluator) -> Iterator[Evaluator]:
    yield fresh
    fresh.close()
    fresh._prefixes.clear()
    fresh._unreduced.clear()


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Clips that went through each block that has run."""
    ran: list[int] = []
    forward = Block.forward
    monkeypatch.setattr(Block, "forward", lambda self, tokens, *rest: (ran.append(len(tokens.features)), forward(self, tokens, *rest))[1])
    return ran


@pytest.fixture(scope="module")
def reference() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[int]]:
    """Of three batches, one video at a time: embeddings reduced and unreduced, similarities [V, M] reduced, and the videos."""
    config = default_study()
    split, model = read_split(config, "search"), load_model(config).eval()
    assert isinstance(split, RetrievalSplit)
    assert isinstance(model, UMTRetrieval)
    order = np.random.default_rng(SEED).permutation(len(split.videos)).tolist()[: 3 * SIZE]
    with decoder(config) as source, torch.inference_mode():
        views = [torch.from_numpy(np.array(view)) for view in clips(config, split, source).read(order)]
        videos = [normalise(view, PROTOCOLS[config.cut.protocol]) for view in views]
        reduced, unreduced = (
            torch.cat([model.embed_video(model(video, *how).pooled) for video in videos]) for how in (TOME[:2], ("none", ()))
        )
        texts = [split.texts[split.videos_of_text.index((v,))] for v in order]
        words = model.embed_text(tokenizer_of(config.evaluated, config.words, config.text_length)(texts))
    return reduced, unreduced, words, order


def by_position(values: list[float], order: list[int]) -> list[float]:
    return [value for _, value in sorted(zip(order, values, strict=True))]


@pytest.mark.parametrize("part,count", [(SOME, SIZE), (MORE, 3 * SIZE)])
def test_a_part_ranks_among_its_own_videos(part: float, count: int, evaluator: Evaluator, reference: tuple[torch.Tensor, ...]) -> None:
    reduced, unreduced, words, order = (some[:count] for some in reference)
    before, after = unreduced @ words.T, reduced @ words.T
    names = [f"search/{v:03d}.mp4" for v in sorted(order)]
    expected = {
        "t2v_r1": [float(sum(after[:, t] >= after[t, t]) == 1) for t in range(count)],
        "agreement": [float(after[:, t].argmax() == before[:, t].argmax()) for t in range(count)],
        "fidelity": [float(1 + a @ b) / 2 for a, b in zip(reduced, unreduced, strict=True)],
    }
    for objective, values in expected.items():
        found = evaluator(TOME._replace(objective=objective, part=part))
        assert found.outcomes == pytest.approx(by_position(values, order), abs=1e-5)
        assert found.score == pytest.approx(100 * np.mean(values), abs=1e-3)
        assert found.num_videos == count
        assert [name.removesuffix("#0") for name in found.sample_ids] == names
    assert min(expected["fidelity"]) < 1


def test_every_video_of_a_schedule_is_computed_once(evaluator: Evaluator, blocks: list[int]) -> None:
    depth = 12
    evaluator(TOME)
    assert sum(blocks) == SIZE * depth
    evaluator(TOME._replace(part=MORE))
    assert sum(blocks) == 3 * SIZE * depth
    found = evaluator(TOME._replace(part=MORE, objective="v2t_r5"))
    assert sum(blocks) == 3 * SIZE * depth
    assert found.objective == "v2t_r5"
    assert len(found.outcomes) == found.num_videos == 3 * SIZE


def test_the_unreduced_model_is_computed_once_whatever_is_compared_with_it(evaluator: Evaluator, blocks: list[int]) -> None:
    depth = 12
    evaluator(Request("none", (), "search", "fidelity", SOME))
    assert sum(blocks) == SIZE * depth
    late = (0,) * 9 + (40,)
    evaluator(Request("vid-tldr", late, "search", "agreement", SOME))
    assert sum(blocks) == SIZE * (depth + 3)
    evaluator(Request("vid-tldr", (*late, 10), "search", "fidelity", SOME))
    assert sum(blocks) == SIZE * (depth + 3 + 2)
    evaluator(Request("none", (), "search", "t2v_r1", SOME))
    assert sum(blocks) == SIZE * (depth + 3 + 2)


def test_what_was_asked_before_changes_nothing(evaluator: Evaluator) -> None:
    requests = [
        Request(method, schedule, "search", "fidelity", SOME)
        for method in ("tome", "vid-tldr", "random")
        for schedule in ((100, 0, 50), (100, 0, 60))
    ]
    found = {request: evaluator(request).outcomes for request in requests}
    for request in reversed(requests):
        evaluator.close()
        evaluator._prefixes.clear()
        assert evaluator(request).outcomes == found[request]


def test_memory_is_taken_from_what_is_shared_before_batches_are_halved(evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "_prefixes", Prefixes())
    expected = evaluator(TOME)
    evaluator(OTHER)
    forward, sizes = Task._forward, []

    def cramped(task: Task, views: torch.Tensor, prefixes: PrefixesOfClips) -> dict[str, torch.Tensor]:
        sizes.append(len(views))
        if prefixes.prefixes.num_bytes:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(task, views, prefixes)

    monkeypatch.setattr(Task, "_forward", cramped)
    assert evaluator(TOME).outcomes == expected.outcomes
    assert evaluator(OTHER).num_videos == SIZE
    assert sizes == [SIZE] * 3


def test_what_is_no_rate_of_the_task(evaluator: Evaluator) -> None:
    with pytest.raises(ValueError, match=r"objective 't2v_mdr' is not a rate of this task; one of t2v_r1, .* would be accepted"):
        evaluator(TOME._replace(objective="t2v_mdr"))
    with pytest.raises(ValueError, match="part: 0 of the videos"):
        evaluator(TOME._replace(part=0))


def test_requests_that_begin_alike_follow_each_other() -> None:
    schedules = [(5, 0, 1), (0, 0, 3), (5, 1, 0), (0, 2, 0), (5, 0, 0)]
    asked = [Request(method, schedule, "search", "top1") for schedule in schedules for method in ("tome", "sta")]
    found = in_order(asked)
    assert sorted(found) == sorted(asked)
    assert [request.schedule for request in found[:5]] == [(0, 0, 3), (0, 2, 0), (5, 0, 0), (5, 0, 1), (5, 1, 0)]
    assert [request.method for request in found] == ["sta"] * 5 + ["tome"] * 5
