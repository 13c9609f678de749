"""Packs what `record.py` left in WORK into `landscape.npz`, beside this file: per schedule and sample, what a search may be told.

    python studies/searchers/pack.py WORK

It is some hundred KiB.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

METHODS = ("vid-tldr", "tome", "sta")
LANDSCAPE = Path(__file__).with_name("landscape.npz")
PARTS = (0.25, 0.5, 1.0)
"""Shares of the videos, in a fixed, shuffled order; each ranks among its own videos only."""

Floats = NDArray[np.float32]
Outcomes = NDArray[Any]


class Judge:
    """Embeddings of a schedule -> outcomes. One text belongs to each video."""

    def __init__(self, texts: Floats, of_text: NDArray[np.int64], unreduced: Floats) -> None:
        assert (of_text == np.arange(len(unreduced))).all(), "one text per video, in the videos' order"
        self.order = np.random.default_rng(0).permutation(len(unreduced))
        self.texts, self.unreduced = texts[self.order], unreduced[self.order]

    def hits(self, embeddings: Floats, videos: int) -> Outcomes:
        """[videos]: text-to-video R@1 among the first `videos`; ties count against."""
        scores = self.texts[:videos] @ embeddings[self.order][:videos].T
        hits: Outcomes = (scores >= np.diag(scores)[:, None]).sum(axis=1) == 1
        return hits

    def agreement(self, embeddings: Floats, videos: int) -> Outcomes:
        """[videos]: each text still ranks first the video that it ranks first with the unreduced model."""
        texts = self.texts[:videos].T
        agree: Outcomes = (embeddings[self.order][:videos] @ texts).argmax(axis=0) == (self.unreduced[:videos] @ texts).argmax(axis=0)
        return agree

    def damage(self, embeddings: Floats) -> Outcomes:
        """[all videos]: 1 - fidelity, (1 - cosine) / 2 with the unreduced embedding."""
        damage: Outcomes = ((1 - (embeddings[self.order] * self.unreduced).sum(axis=1)) / 2).clip(0, 1).astype(np.float16)
        return damage


def pack(work: Path) -> dict[str, Outcomes]:
    """`METHOD/schedules` [n, slots]; `METHOD/hits` and `METHOD/agreement`, bits of all parts side by side; `METHOD/damage` [n, videos]."""
    texts = np.load(work / "texts.npz")
    judge = Judge(texts["texts"], texts["of_text"], np.load(work / "none" / "none.npy"))
    sizes = [round(part * len(judge.order)) for part in PARTS]
    arrays: dict[str, Outcomes] = {"sizes": np.array(sizes)}
    for method in METHODS:
        files = sorted(path for path in (work / method).glob("*.npy") if "partial" not in path.name)
        embeddings = [np.load(path) for path in files]
        arrays[f"{method}/schedules"] = np.array([list(map(int, path.stem.split("-"))) for path in files], np.int16)
        for name, outcomes in (("hits", judge.hits), ("agreement", judge.agreement)):
            rows = [np.concatenate([outcomes(e, size) for size in sizes]) for e in embeddings]
            arrays[f"{method}/{name}"] = np.packbits(np.array(rows), axis=1)
        arrays[f"{method}/damage"] = np.array([judge.damage(e) for e in embeddings])
        print(f"{method}: {len(files)} schedules")
    return arrays


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    np.savez_compressed(LANDSCAPE, **pack(arguments.work))
    print(f"{LANDSCAPE.name}: {LANDSCAPE.stat().st_size / 2**20:.2f} MiB")
