"""A made-up evaluator: scores depend on the schedule alone, outcomes are 0/1 per sample."""

from __future__ import annotations

import numpy as np

from tldr_search.backbones.architectures import architecture
from tldr_search.reducers import get_method
from tldr_search.scores import Evaluation, Request

SAMPLES = {"search": 200, "report": 300}
GEOMETRY = architecture("umt-mini").geometry


class Landscape:
    """Early removal hurts, and late removal hurts vid-tldr; `stop_after` evaluations it raises `error`."""

    def __init__(self, stop_after: int | None = None, error: type[BaseException] = RuntimeError) -> None:
        self.calls: list[Request] = []
        self._stop_after, self._error = stop_after, error

    def __call__(self, request: Request) -> Evaluation:
        if len(self.calls) == self._stop_after:
            raise self._error("stopped")
        self.calls.append(request)
        count = round(request.part * SAMPLES[request.split])
        luck = np.random.default_rng(len(request.split)).random(SAMPLES[request.split])[:count]
        chance = loss(request.method, request.schedule)
        outcomes = 1 - chance * luck if request.objective == "fidelity" else (luck < 0.9 - chance).astype(float)
        names = tuple(map(str, range(count)))
        return Evaluation({request.objective: 100 * float(outcomes.mean())}, request.objective, tuple(outcomes.tolist()), names, 0.5, count)


def loss(method: str, schedule: tuple[int, ...]) -> float:
    """In [0, 0.8]."""
    left, total = GEOMETRY.num_tokens, 0.0
    for layer, r in enumerate(get_method(method).removed(schedule, GEOMETRY)):
        slope = layer / 6 if method == "vid-tldr" else 0.5
        total += (r / left) ** 1.5 * (0.3 + slope)
        left -= r
    return min(0.8, total * (2 if method == "random" else 1) / 3)
