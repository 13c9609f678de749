"""What a task found: its metrics, the per-sample outcomes behind them, and how each sample fared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from tldr_search.scores import Estimate, Rate, estimate
from tldr_search.tasks.said import LABEL_FREE, Said


class Mean(NamedTuple):
    """A metric that sums up others."""

    of: tuple[str, ...]
    """Names of the rates whose mean it is."""
    harmonic: bool = False


class Outcome(NamedTuple):
    """The end of one evaluation, identical on every rank."""

    metrics: Mapping[str, float]
    """Every metric by its field name; rates and their means in per cent."""
    rates: Mapping[str, Rate]
    """The metrics that are a share of samples, with the samples."""
    columns: Mapping[str, NDArray[Any]]
    """Sample by sample: names, ranks, predictions; what is of one kind of sample begins with its name (`t2v_rank`)."""
    said: Said
    """What is compared with the model unreduced."""
    means: Mapping[str, Mean] = {}
    """The metrics that are means of rates."""

    @property
    def reranked(self) -> bool:
        """Whether candidates were looked at again: the metrics without, or accuracy, tell."""
        return "itc_t2v_r1" in self.metrics or "accuracy" in self.metrics

    def beside(self, unreduced: Said) -> Outcome:
        """With the rates that compare what is said with what the model says `unreduced` of the same samples."""
        rates = {name: rate(self.said, unreduced) for name, rate in LABEL_FREE.items()}
        metrics = {name: float(100 * rate.hits.mean()) for name, rate in rates.items()}
        return self._replace(metrics={**self.metrics, **metrics}, rates={**self.rates, **rates})

    def rate(self, metric: str) -> Rate:
        """`ValueError` if it is not the share of samples."""
        if metric not in self.rates:
            raise ValueError(f"objective {metric!r} is not a rate of this task; one of {', '.join(self.rates)} would be accepted")
        return self.rates[metric]

    def estimate(self, metric: str) -> Estimate:
        """How certain a rate or a mean of rates is; `ValueError` for what is neither."""
        mean = self.means.get(metric, Mean((metric,)))
        return estimate([self.rate(name) for name in mean.of], harmonic=mean.harmonic)

    def num_samples(self, metric: str) -> int:
        """Of a rate, or of all rates behind a mean; `ValueError` for what is neither."""
        return sum(len(self.rate(name).names) for name in self.means.get(metric, Mean((metric,))).of)
