"""Evaluations at fixed schedules: the unreduced model, probes, winners, known shapes. Whichever worker comes first makes each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tldr_search.scores import Evaluation, Measure, Request
from tldr_search.study.claims import Claims
from tldr_search.study.progress import Effort
from tldr_search.study.records import digest


class Wanted(NamedTuple):
    """An evaluation that the study needs."""

    request: Request
    notes: dict[str, Any]
    """What is kept with it, for whoever looks into the storage: origin, GFLOPs, ..."""
    gflops: float
    """Per clip, to estimate how long it takes."""

    @property
    def key(self) -> str:
        """`tome 600,200 report t2v_r1 1`: equal for equal requests."""
        method, schedule, split, objective, part = self.request
        return f"{method} {','.join(map(str, schedule)) or '-'} {split} {objective} {part:g}"

    @property
    def effort(self) -> Effort:
        """How much there is to compute."""
        return Effort(self.request.split, self.gflops * self.request.part)


class Measurements:
    """The Optuna study of a run whose trials have no parameters, only keys."""

    def __init__(self, claims: Claims, measure: Measure) -> None:
        self._claims, self._measure = claims, measure
        self._found: dict[str, Evaluation] = {}

    def find(self, wanted: Wanted) -> Evaluation | None:
        """The evaluation, if anybody has made it."""
        if wanted.key not in self._found:
            new = (r for r in self._claims.records() if r.is_done and r.key not in self._found)
            self._found |= {record.key: record.parts[max(record.parts)] for record in new}
        return self._found.get(wanted.key)

    def get(self, wanted: Wanted) -> Evaluation:
        """The evaluation, which must have been made."""
        found = self.find(wanted)
        assert found is not None
        return found

    def take(self, wanted: Sequence[Wanted]) -> bool:
        """Makes the first one that nobody has made or is making; False if there is none."""
        if not (missing := [w for w in wanted if self.find(w) is None]):
            return False
        self._claims.fail_lost()
        under_way = {record.key for record in self._claims.records() if record.is_open or record.is_done}
        return any(w.key not in under_way and self._make(w) for w in missing)

    def _make(self, wanted: Wanted) -> bool:
        trial = self._claims.study.ask()
        if not self._claims.take(trial, wanted.key, wanted.notes):
            return False
        with self._claims.alive(trial):
            evaluation = self._measure(wanted.request)
            self._check_samples(wanted, evaluation)
        self._claims.finish(trial, {1.0: evaluation})
        return True

    def _check_samples(self, wanted: Wanted, evaluation: Evaluation) -> None:
        """`RuntimeError` if other schedules were measured on other samples: what is paired by sample would be none of a pair."""
        same = [r for r in self._claims.records() if r.is_done and _where(r.key) == _where(wanted.key)]
        if same and digest(evaluation.sample_ids) not in same[0].samples.values():
            raise RuntimeError(
                f"{wanted.key} was measured on {evaluation.sampled.num_samples} samples that are not those of {same[0].key}; "
                "are there videos that can be read only at times?"
            )


def _where(key: str) -> str:
    """Split, objective and part."""
    return key.split(" ", 2)[2]
