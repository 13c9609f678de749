"""A made-up evaluator: the later tokens leave, the less it matters."""

from __future__ import annotations

import numpy as np

from tldr_search.backbones.architectures import architecture
from tldr_search.reducers import get_method
from tldr_search.scores import Evaluation, Request

GEOMETRY = architecture("umt-mini").geometry


class MadeUp:
    """After `stop_after` evaluations it raises `error`."""

    def __init__(self, stop_after: int | None = None, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.calls: list[Request] = []
        self._stop_after, self._error = stop_after, error

    def __call__(self, request: Request) -> Evaluation:
        if len(self.calls) == self._stop_after:
            raise self._error("stopped")
        self.calls.append(request)
        luck = np.random.default_rng(0).random(200)
        removed = get_method(request.method).removed(request.schedule, GEOMETRY)
        loss = sum(r / (layer + 1) for layer, r in enumerate(removed)) / GEOMETRY.num_tokens
        hits = (luck < 0.8 - loss).astype(float)
        names = tuple(map(str, range(200)))
        return Evaluation({request.objective: 100 * float(hits.mean())}, request.objective, tuple(hits.tolist()), names, 0.5, 200)
