"""The table of benchmarks: who reads the annotations of which split. Never imports torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tldr_search.data.benchmarks import demo
from tldr_search.data.benchmarks.sample import Sample


@dataclass(frozen=True)
class Benchmark:
    """A data set with its splits."""

    name: str
    """Name on the command line."""
    title: str
    """What it is, in a line."""
    splits: tuple[str, ...]
    """Names of its splits."""
    tasks: tuple[str, ...]
    """Tasks that its annotations serve; the first is the default."""
    read: Callable[[str], tuple[Sample, ...]]
    """Split -> samples, in a fixed order."""
    classes: tuple[str, ...] = ()
    """Class names, in the order of the labels."""


BENCHMARKS: dict[str, Benchmark] = {
    row.name: row
    for row in (
        Benchmark("demo", "500 synthetic clips of moving shapes, in the package", ("search", "report"),
                  ("retrieval", "classification"), demo.read, demo.CLASSES),
    )
}  # fmt: skip
