"""Speed of re-ranking beside the plain way of doing it, in one run.

The plain way is that of UMT's released code: both directions for themselves, every pair with its own copy of the video, whose keys and
values are computed anew, 32 pairs at a time. Weights, tokens, texts and similarities are random: none changes what is computed. The two
take turns, forwards and backwards; the speed-up is the median over the turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from tldr_search.backbones.architecture import Architecture, PlainArchitecture
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.bench import Timing
from tldr_search.tasks.gallery import BothWays
from tldr_search.tasks.reranking import NO_CANDIDATE, Candidates, candidates, match
from tldr_search.tasks.texts import TextStates

OURS, PLAIN = "each pair and video once", "pair by pair"
PAIRS_AT_ONCE = 32


class Problem(NamedTuple):
    """V videos of K tokens, M texts of at most L ids, and who is looked at together."""

    model: UMTRetrieval
    tokens: Tensor
    """[V, K, C]"""
    texts: TextBatch
    """[M, L]"""
    states: Tensor
    """[M, L, C] hidden states."""
    found: Candidates


class Comparison(NamedTuple):
    """What re-ranking took."""

    rows: tuple[Timing, ...]
    """`OURS`, `PLAIN`."""
    num_pairs: tuple[int, ...]
    """Pairs that each looks at."""
    difference: float
    """The largest, of any score."""


@torch.inference_mode()
def compare(arch: Architecture, num_videos: int, num_texts: int, k_test: int, turns: int) -> Comparison:
    """On the GPU, if there is one; `ValueError` for a model that does not re-rank."""
    problem = _problem(arch, num_videos, num_texts, k_test)
    runs: dict[str, Callable[[Problem], BothWays]] = {OURS: _ours, PLAIN: _plainly}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    scores: dict[str, BothWays] = {}
    for turn in tqdm(range(turns + 1), desc="turns", unit="turn", leave=False):
        for name in list(runs) if turn % 2 else reversed(runs):
            started = time.perf_counter()
            scores[name] = runs[name](problem)  # on the CPU: nothing is left to wait for
            if turn:  # the first one warms up
                seconds[name].append(time.perf_counter() - started)
    difference = max((a - b).abs().max().item() for a, b in zip(scores[OURS], scores[PLAIN], strict=True))
    counts = int(problem.found.either.sum()), sum(int(pairs.sum()) for pairs in problem.found)
    return Comparison(tuple(Timing(name, tuple(times), None) for name, times in seconds.items()), counts, difference)


def _problem(arch: Architecture, num_videos: int, num_texts: int, k_test: int) -> Problem:
    """Texts as long as those of MSR-VTT, 4 to 24 words."""
    if not isinstance(arch, PlainArchitecture) or arch.text is None or not arch.text.fusion_layers:
        raise ValueError(f"{arch.name} has no layers that match texts with videos (fusion_layers=0); umt-b or umt-l would be accepted")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    model = UMTRetrieval(arch).eval().to(device)
    lengths = torch.randint(5, 26, (num_texts,))
    ids = torch.randint(arch.text.vocab_size, (num_texts, int(lengths.max())))
    texts = TextBatch(ids.to(device), (torch.arange(ids.shape[1]) < lengths[:, None]).to(device))
    tokens = torch.randn(num_videos, arch.num_patches, arch.dim).to(device)
    return Problem(model, tokens, texts, model.text_encoder(texts), candidates(torch.randn(num_videos, num_texts), k_test))


def _ours(problem: Problem) -> BothWays:
    model, tokens, texts, states, found = problem
    kept = TextStates(texts.mask.sum(dim=1).cpu())
    kept.put(torch.arange(len(states)), states)
    logits = torch.full(found.t2v.shape, NO_CANDIDATE)
    for video, pairs in enumerate(found.either):
        logits[video, pairs] = match(model, tokens[video], kept, pairs.nonzero()[:, 0])
    return BothWays(*(logits.masked_fill(~pairs, NO_CANDIDATE) for pairs in found))


def _plainly(problem: Problem) -> BothWays:
    model, tokens, texts, states, found = problem
    ways = []
    for pairs in found:
        scores = torch.full(pairs.shape, NO_CANDIDATE)
        for some in pairs.nonzero().split(PAIRS_AT_ONCE):  # type: ignore[no-untyped-call]
            videos, rows = some.to(tokens.device).T
            scores[tuple(some.T)] = model.match(states[rows], texts.mask[rows], model.prepare(tokens[videos])).cpu()
        ways.append(scores)
    return BothWays(*ways)
