"""What a task found: its metrics and the ranks that they were computed from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor


class Outcome(NamedTuple):
    """The end of one evaluation, identical on every rank."""

    metrics: Mapping[str, float]
    """Every metric by its field name."""
    ranks: Mapping[str, Tensor]
    """Per kind (`t2v`, `v2t`, `top`) the rank of the right answer of each sample, from 0, int64."""

    def hits(self, objective: str) -> tuple[float, ...]:
        """Per sample 1.0 where `objective` (`t2v_r1`, `top5`, ...) is met, else 0.0; `ValueError` if it has no such form."""
        found = re.fullmatch(r"(t2v|v2t|top)(?:_r)?(\d+)", objective)
        if objective not in self.metrics or not found:
            rates = ", ".join(m for m in self.metrics if re.fullmatch(r"(t2v|v2t|top)(_r)?\d+", m))
            raise ValueError(f"objective {objective!r} is not a rate of this task; one of {rates} would be accepted")
        kind, k = found.groups()
        return tuple((self.ranks[kind] < int(k)).double().tolist())
