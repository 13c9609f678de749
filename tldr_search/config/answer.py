"""The settings of `evaluate` for a single video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tldr_search.config.able import CLASSIFICATION, RETRIEVAL
from tldr_search.config.reduced import ReducedSettings
from tldr_search.config.rules import Rule
from tldr_search.data.benchmarks import BENCHMARKS


@dataclass(frozen=True)
class AnswerConfig(ReducedSettings):
    """What to ask of one video: which of some captions fits best, or which class it is of."""

    captions: tuple[str, ...] = ()
    """Texts of which the best is found."""
    classes: str | None = None
    """File with the names of the classes, one a line, in the order of the model's; not needed for umt-mini."""

    @property
    def measures(self) -> str:
        """Captions ask for retrieval, no captions for a class."""
        return RETRIEVAL if self.captions else CLASSIFICATION

    @property
    def objective(self) -> str:
        """None: there is no right answer to compare with."""
        return ""

    @property
    def directory(self) -> Path:
        """Nothing is written."""
        return Path()

    @property
    def splits(self) -> tuple[str, ...]:
        """No annotations are read."""
        return ()

    @property
    def _published_benchmark(self) -> str:
        """That of a classifier with as many classes as Something-Something has, else Kinetics."""
        return "ssv2" if self.evaluated.num_classes == BENCHMARKS["ssv2"].num_classes else "k400"

    @property
    def _benchmark_classes(self) -> int:
        return 0

    def _own_rules(self) -> Iterator[Rule]:
        yield from self._reduction_rules()
        yield Rule("classes", self._no_names())

    def _no_names(self) -> Iterator[str]:
        if self.classes is not None and not Path(self.classes).is_file():
            yield f"classes: {self.classes!r}: no such file; a text file with one name a line would be accepted"
