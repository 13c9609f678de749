"""Evaluates many schedules of the demo, for `surrogate.py`: two to three hours of one core; an interrupted recording goes on.

    python studies/searchers/record.py WORK [METHOD ...]        embeddings of the search split's videos, one file per schedule, into WORK

Per method: single layers; then, per budget, the known shapes, random shares, and neighbours of the best; at last raw counts.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tldr_search import assembly
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.config import default_study
from tldr_search.cost import CostModel
from tldr_search.data.benchmarks.split import RetrievalSplit
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule
from tldr_search.study.budget import Ground, UnreachableError, repair
from tldr_search.study.space import known_shapes
from tldr_search.tasks.task import normalise

METHODS = ("vid-tldr", "tome", "sta")
BUDGETS = (180.0, 125.0, 100.0, 150.0, 215.0, 260.0)
ALONG, NEAR = 32, 36
"""Schedules with random shares, and near the best, per budget."""
SCHEDULES = 505
"""In all; raw counts make up for what is missing."""
SINGLE = (0.25, 0.5)
"""Fractions of the tokens that single layers lose."""
AT_ONCE = 25

Floats = NDArray[np.float32]


class Recorder:
    """The demo's search split through umt-mini, one method at a time."""

    def __init__(self, work: Path) -> None:
        torch.set_grad_enabled(False)
        config = default_study()
        split = assembly.read_split(config, config.search_split)
        assert isinstance(split, RetrievalSplit)
        model = assembly.load_model(config)
        assert isinstance(model, UMTRetrieval)
        self.work, self.model, self.counted, self.geometry = work, model.eval(), config.counted, config.evaluated.geometry
        decoder = assembly.decoder(config)
        views = [frames[0] for frames in assembly.clips(config, split, decoder).read(range(len(split.videos)))]
        decoder.close()
        self.videos = normalise(torch.from_numpy(np.stack(views)), PROTOCOLS[config.cut.protocol])
        self.of_text = np.array([videos[0] for videos in split.videos_of_text])
        text = assembly.tokenizer_of(config.evaluated, config.words, config.text_length)(split.texts)
        self.texts = model.embed_text(text).numpy()

    def run(self, name: str) -> None:
        """All schedules of a method, the same ones in every run."""
        ground = Ground(CostModel(self.counted, name), self.geometry)
        base = self.embeddings("none", ())
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
        for schedule in single_layers(ground):
            self.embeddings(name, schedule)
        for budget in BUDGETS:
            found = {schedule: self.quality(self.embeddings(name, schedule), base) for schedule in along(ground, budget, rng)}
            for _ in range(NEAR):
                schedule = near(found, ground, budget, rng)
                found[schedule] = self.quality(self.embeddings(name, schedule), base)
            best = max(found.values())
            print(f"{name} {budget:g}: {len(found)} schedules, best {best:.2f}", flush=True)
        while len(list((self.work / name).glob("*.npy"))) < SCHEDULES:
            self.embeddings(name, raw(ground, rng))

    def embeddings(self, method: str, schedule: Schedule) -> Floats:
        """[videos, width], from disk if they were computed before; `schedule` in the counts of umt-mini."""
        path = self.work / method / f"{'-'.join(map(str, schedule)) or 'none'}.npy"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            outputs = (self.model(clips, method, schedule).pooled for clips in self.videos.split(AT_ONCE))
            partial = path.with_suffix(".partial.npy")
            np.save(partial, torch.cat([self.model.embed_video(pooled) for pooled in outputs]).numpy())
            partial.replace(path)
        embeddings: Floats = np.load(path)
        return embeddings

    def quality(self, embeddings: Floats, base: Floats) -> float:
        """Text-to-video R@1 in per cent, and a little of the cosine with the unreduced model's embeddings to break ties."""
        scores = self.texts @ embeddings.T
        own = scores[np.arange(len(scores)), self.of_text]
        hits = (scores >= own[:, None]).sum(axis=1) == 1
        return float(100 * hits.mean() + (embeddings * base).sum(axis=1).mean())


def single_layers(ground: Ground) -> Iterator[Schedule]:
    """A part of the tokens leaves in one slot, none elsewhere."""
    geometry = ground.target
    for slot in range(ground.slots):
        for part in SINGLE:
            r = int(part * geometry.num_tokens / ground.method.unit(slot, geometry))
            yield tuple(min(r, ground.method.largest(slot, geometry.num_tokens, geometry)) * (i == slot) for i in range(ground.slots))


def along(ground: Ground, budget: float, rng: np.random.Generator) -> Iterator[Schedule]:
    """Known shapes, then random shares, few layers or many."""
    for shares in known_shapes(ground.method, ground.source).values():
        with suppress(UnreachableError):
            yield repair(shares, budget, ground).evaluated
    for _ in range(ALONG):
        drawn = rng.dirichlet(np.full(ground.slots, 0.15 + rng.random() ** 2))
        with suppress(UnreachableError):
            yield repair(tuple(map(float, drawn)), budget * rng.choice([1, 1, 0.97, 1.03]), ground).evaluated


def near(found: dict[Schedule, float], ground: Ground, budget: float, rng: np.random.Generator) -> Schedule:
    """Between two of the eight best, and a step away: a schedule that is not in `found`."""
    best = sorted(found, key=lambda schedule: -found[schedule])[:8]
    while True:
        a, b = (np.array(best[i], float) for i in rng.integers(len(best), size=2))
        shares = np.sqrt(a + rng.random() * (b - a))
        shares = np.abs(shares + rng.choice([0.05, 0.15, 0.3]) * shares.max() * rng.normal(size=len(a)) * (rng.random(len(a)) < 0.5)) ** 2
        try:
            schedule = repair(tuple(map(float, shares)), budget, ground).evaluated
        except UnreachableError:
            continue
        if schedule not in found:
            return schedule


def raw(ground: Ground, rng: np.random.Generator) -> Schedule:
    """Each entry anything that is possible; entries scaled down alike, some by much."""
    geometry, entries, left = ground.target, list[int](), ground.target.num_tokens
    most = rng.random() ** 2
    for slot in range(ground.slots):
        entries.append(int(rng.integers(0, int(most * ground.method.largest(slot, left, geometry)) + 1)))
        left -= entries[-1] * ground.method.unit(slot, geometry)
    return get_method(ground.method.spec).full(entries, geometry)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("methods", nargs="*", default=METHODS)
    arguments = parser.parse_args()
    recorder = Recorder(arguments.work)
    np.savez(arguments.work / "texts.npz", texts=recorder.texts, of_text=recorder.of_text)
    for method in arguments.methods:
        recorder.run(method)
