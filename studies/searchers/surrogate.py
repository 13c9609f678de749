"""A surrogate of the demo's search split, fitted to `landscape.npz`: any schedule of three methods, measured in half a millisecond.

    python studies/searchers/surrogate.py       how far it is from evaluations that it was not fitted to

Each sample is a column of one kernel ridge regression over the curve of tokens left, with hyper-parameters by leave-one-out. The true
quality of a schedule is the mean of its clipped columns. A searcher is shown less: 0/1 outcomes drawn from them, always the same ones for a
schedule, so that it meets the noise of 200 samples.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from tldr_search.backbones.architectures import architecture
from tldr_search.cost import CostModel
from tldr_search.reducers import get_method
from tldr_search.schedule import Schedule
from tldr_search.scores import Evaluation, Request
from tldr_search.study.ground import Ground
from tldr_search.study.trajectory import Curves

METHODS = ("vid-tldr", "tome", "sta")
LANDSCAPE = Path(__file__).with_name("landscape.npz")
EVALUATED, COUNTED = "umt-mini", "umt-b"
LENGTHS, NOISES = (0.5, 1.0, 2.0, 4.0), (0.03, 0.1, 0.3, 1.0)
FOLDS = 5
BUDGETS = (100.0, 125.0, 150.0, 180.0, 215.0, 260.0)
"""Those that `record.py` recorded around."""

Floats = NDArray[np.floating[Any]]


def ground(method: str) -> Ground:
    """Cost is counted for UMT-B, as in the demo."""
    return Ground(CostModel(architecture(COUNTED), method), architecture(EVALUATED).geometry)


class Recorded(NamedTuple):
    """What was measured of one method."""

    schedules: NDArray[np.int64]
    """[n, slots], in the counts of the evaluated model."""
    hits: Floats
    """[n, 50 + 100 + 200]: retrieved first, among the first 50, 100, 200 videos of a shuffled order."""
    agreement: Floats
    """Likewise: ranked first what the unreduced model ranks first."""
    damage: Floats
    """[n, 200]: 1 - fidelity per video."""


def recorded(method: str) -> tuple[Recorded, list[int]]:
    """The evaluations of a method, and how many videos the parts have."""
    with np.load(LANDSCAPE) as arrays:
        sizes = arrays["sizes"].tolist()
        hits, agreement = (np.unpackbits(arrays[f"{method}/{name}"], axis=1)[:, : sum(sizes)] for name in ("hits", "agreement"))
        found = Recorded(
            arrays[f"{method}/schedules"].astype(int), hits.astype(float), agreement.astype(float), arrays[f"{method}/damage"].astype(float)
        )
    return found, sizes


class Ridge:
    """Kernel ridge regression of many columns; Matern 3/2 plus linear, over square roots of the fractions of tokens left."""

    def __init__(self, points: Floats, columns: Floats, score: Floats) -> None:
        """[n, d], [n, columns]; hyper-parameters have the least leave-one-out error of `score` [n]."""
        self.points, self.mean = points, columns.mean(axis=0)
        self.scale = float(np.median(_distances(points, points)))
        best = min(itertools.product(LENGTHS, NOISES), key=lambda hyper: self._left_out_error(*hyper, score - score.mean()))
        self.length, self.noise = best
        self.weights = np.linalg.solve(self._regularised(*best), columns - self.mean)

    def __call__(self, points: Floats) -> Floats:
        """[m, d] -> [m, columns]."""
        predicted: Floats = self.mean + self._kernel(points, self.length) @ self.weights
        return predicted

    def _kernel(self, points: Floats, length: float) -> Floats:
        u = np.sqrt(3) * _distances(points, self.points) / (length * self.scale)
        kernel: Floats = (1 + u) * np.exp(-u) + (1 - points) @ (1 - self.points).T / points.shape[1]
        return kernel

    def _regularised(self, length: float, noise: float) -> Floats:
        return self._kernel(self.points, length) + noise * np.eye(len(self.points))

    def _left_out_error(self, length: float, noise: float, score: Floats) -> float:
        """Leave-one-out in closed form (Rasmussen and Williams 2006, eq. 5.12)."""
        inverse = np.linalg.inv(self._regularised(length, noise))
        return float(np.mean((inverse @ score / np.diag(inverse)) ** 2))


class Surrogate:
    """One method."""

    def __init__(self, method: str, found: Recorded | None = None) -> None:
        """`found`: the evaluations to fit to, all of them unless given."""
        everything, self.sizes = recorded(method)
        found, self._luck = found or everything, 0
        self.method, self._columns = method, found.hits.shape[1]
        points = self.points(found.schedules.tolist())
        self._rates = Ridge(points, np.concatenate([found.hits, found.agreement], axis=1), found.hits[:, -self.sizes[-1] :].mean(axis=1))
        self._damage = Ridge(points, found.damage, found.damage.mean(axis=1))

    def lucky(self, seed: int) -> Surrogate:
        """The same, with another luck in what is shown."""
        other = copy(self)
        other._luck = seed
        return other

    def points(self, schedules: Sequence[Schedule]) -> Floats:
        """[n, slots]: square roots of the fractions left; schedules in the counts of the evaluated model."""
        method, geometry = get_method(self.method), architecture(EVALUATED).geometry
        units = [method.unit(slot, geometry) for slot in range(method.slots(geometry))]
        points: Floats = np.sqrt(1 - np.cumsum(np.array(schedules) * units, axis=1) / geometry.num_tokens)
        return points

    def quality(self, schedules: Sequence[Schedule]) -> Floats:
        """[n]: the true score on all videos, in points."""
        return self.quality_at(self.points(schedules))

    def quality_at(self, points: Floats) -> Floats:
        """[n]: likewise, of `points`."""
        quality: Floats = 100 * self._rates(points)[:, self._columns - self.sizes[-1] : self._columns].clip(0, 1).mean(axis=1)
        return quality

    def outcomes(self, schedule: Schedule, part: float, objective: str = "t2v_r1") -> Floats:
        """[videos]: what a searcher is shown of the first `part` of the videos."""
        if objective == "fidelity":
            shown: Floats = 1 - self._damage(self.points([schedule]))[0, : round(part * self.sizes[-1])].clip(0, 1)
            return shown
        size = round(part * self.sizes[-1])
        start = sum(self.sizes[: self.sizes.index(size)]) + (self._columns if objective == "agreement" else 0)
        chances = self._rates(self.points([schedule]))[0, start : start + size]
        seed = int.from_bytes(hashlib.sha256(f"{self._luck} {self.method} {schedule} {objective}".encode()).digest()[:8])
        return (np.random.default_rng(seed).random(self.sizes[-1])[:size] < chances).astype(float)

    def measure(self, request: Request) -> Evaluation:
        """As a study asks."""
        assert request.method == self.method
        outcomes = self.outcomes(request.schedule, request.part, request.objective)
        score = {request.objective: 100 * float(outcomes.mean())}
        names = tuple(map(str, range(len(outcomes))))
        return Evaluation(score, request.objective, tuple(outcomes.tolist()), names, seconds=0.0, num_videos=len(outcomes))


def _distances(a: Floats, b: Floats) -> Floats:
    distances: Floats = np.sqrt(np.maximum((a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T, 0))
    return distances


def held_out(method: str) -> dict[str, Floats]:
    """Predicted scores of evaluations that were left out, fold by fold: by surrogate, mean and nearest neighbour; and the true ones."""
    found, sizes = recorded(method)
    scores = 100 * found.hits[:, -sizes[-1] :].mean(axis=1)
    fold = np.random.default_rng(0).permutation(len(scores)) % FOLDS
    predicted = {name: np.zeros(len(scores)) for name in ("surrogate", "mean", "nearest")}
    for held in range(FOLDS):
        train, test = fold != held, fold == held
        fitted = Surrogate(method, Recorded(*(column[train] for column in found)))
        predicted["surrogate"][test] = fitted.quality(found.schedules[test].tolist())
        predicted["mean"][test] = scores[train].mean()
        points = fitted.points(found.schedules.tolist())
        predicted["nearest"][test] = scores[train][_distances(points[test], points[train]).argmin(axis=1)]
    return predicted | {"true": scores}


def on_a_budget(method: str) -> NDArray[np.bool_]:
    """[n]: the same fractions of tokens left on the cost model cost one of the recorded budgets, to 2 %."""
    points = Surrogate(method).points(recorded(method)[0].schedules.tolist())
    gflops = Curves(ground(method)).prices(-2 * np.log(points))
    near: NDArray[np.bool_] = (np.abs(gflops[:, None] / np.array(BUDGETS) - 1) < 0.02).any(axis=1)
    return near


def _report(method: str) -> None:
    found, near = held_out(method), on_a_budget(method)
    for name, chosen in (("all", np.ones_like(near)), ("on a budget", near)):
        true = found["true"][chosen]
        errors = {k: np.sqrt(np.mean((found[k][chosen] - true) ** 2)) for k in ("surrogate", "nearest", "mean")}
        rank = spearmanr(found["surrogate"][chosen], true)[0]
        shown = "  ".join(f"{k} {error:5.2f}" for k, error in errors.items())
        print(f"{method:9s} {name:12s} {chosen.sum():4d} schedules   RMSE in points: {shown}   rank correlation {rank:.2f}")


if __name__ == "__main__":
    for name in METHODS:
        _report(name)
