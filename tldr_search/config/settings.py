"""What every config says: which model, counted as which, on which benchmark, and how it is run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

from tldr_search.backbones.architectures import ARCHITECTURES, PACKAGED, RANDOM, VOCABULARIES, architecture
from tldr_search.backbones.hub_id import is_hub_id
from tldr_search.config.fields import of_type
from tldr_search.config.rules import Mistakes, Rule, at_least, broken, one_of
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.schedule import Geometry

OBJECTIVES: dict[str, tuple[str, ...]] = {
    "retrieval": ("t2v_r1", "t2v_r5", "t2v_r10", "v2t_r1", "v2t_r5", "v2t_r10"),
    "classification": ("top1", "top5"),
}
"""Rates that can be searched for, by task."""
PRECISIONS = ("fp32", "bf16", "fp16")
WEIGHTS = f"a file or directory with weights, a hub id (owner/name), or {RANDOM}, would be accepted"


@dataclass(frozen=True)
class Settings(ABC):
    """What is common to all configs; `ConfigError` if anything in one is wrong."""

    model: str = "umt-mini"
    """Model that is evaluated."""
    cost_model: str | None = None
    """Model whose GFLOPs are counted, and in whose counts schedules are given, as deep as `model`; by default `model` itself."""
    checkpoint: str | None = None
    """Weights of `model`: a file, a Hugging Face directory or hub id, or random; by default those in the package, where it has some."""
    benchmark: str = "demo"
    """Benchmark that is evaluated."""
    precision: str = "fp32"
    """fp32, bf16 or fp16."""
    batch_size: int = 50
    """Clips per batch."""

    def __post_init__(self) -> None:
        mistakes = broken(self._rules())
        if mistakes.lines:
            raise ConfigError(self, mistakes)

    @property
    @abstractmethod
    def task(self) -> str:
        """What the model does on the benchmark."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """The splits of the benchmark that are read."""

    @property
    def costs(self) -> str:
        """The model whose GFLOPs are counted."""
        return self.cost_model or self.model

    @property
    def _counted(self) -> str:
        """The field that says so."""
        return "cost_model" if self.cost_model else "model"

    def _rules(self) -> Iterator[Rule]:
        """In the order in which mistakes are told."""
        for name, hint in get_type_hints(type(self)).items():
            yield Rule(name, of_type(name, getattr(self, name), hint))
        yield Rule("model", one_of("model", self.model, ARCHITECTURES))
        yield Rule("cost_model", one_of("cost_model", self.cost_model, ARCHITECTURES))
        yield Rule("cost_model", self._unlike(), needs=("model",))
        yield Rule("checkpoint", self._missing())
        yield Rule("benchmark", one_of("benchmark", self.benchmark, BENCHMARKS))
        yield Rule("precision", one_of("precision", self.precision, PRECISIONS))
        yield Rule("batch_size", at_least("batch_size", self.batch_size, 1))
        yield from self._own_rules()
        yield Rule("model", self._unable(), needs=("benchmark", "task", "objective"))  # the task is a field or follows from one
        yield Rule("checkpoint", self._unpackaged(), needs=("model",))

    @abstractmethod
    def _own_rules(self) -> Iterator[Rule]:
        """Those of the fields that are not common."""

    def _unlike(self) -> Iterator[str]:
        evaluated, counted = architecture(self.model).geometry, architecture(self.costs).geometry
        if not counted.alike(evaluated):
            if counted.depth != evaluated.depth:
                differ = f"{self.costs} has {counted.depth} layers, {self.model} has {evaluated.depth}"
            else:
                differ = f"tokens leave {self.costs} {_leaving(counted)}, {self.model} {_leaving(evaluated)}"
            accepted = ", ".join(name for name, row in ARCHITECTURES.items() if row.geometry.alike(evaluated))
            yield f"cost_model: {differ}; one of {accepted} would be accepted"

    def _missing(self) -> Iterator[str]:
        source = self.checkpoint
        if source not in (None, RANDOM) and not (Path(source).exists() or is_hub_id(source)):
            yield f"checkpoint: {source!r} is no file or directory; {WEIGHTS}"

    def _unpackaged(self) -> Iterator[str]:
        if self.checkpoint is None and self.model not in PACKAGED:
            yield f"checkpoint: none, and {self.model} has no weights in the package; {WEIGHTS}"

    def _unable(self) -> Iterator[str]:
        classes = len(BENCHMARKS[self.benchmark].classes)
        lacks = {name: _lacks(name, self.task, classes) for name in ARCHITECTURES}
        if lacks[self.model]:
            accepted = ", ".join(name for name, why in lacks.items() if not why) or "no model"
            yield f"model: {self.model} {lacks[self.model]}; for {self.task} on {self.benchmark} {accepted} would be accepted"


class ConfigError(ValueError):
    """Every mistake of a config; as text, one line."""

    def __init__(self, config: Settings, mistakes: Mistakes, source: str = "") -> None:
        super().__init__(source + "; ".join(mistakes.lines))
        self.config = config
        """As it was given, for what can be checked of it nevertheless."""
        self.mistakes = mistakes
        """What is wrong with it."""


def _leaving(geometry: Geometry) -> str:
    stages = ", ".join(str(layer + 1) for layer in geometry.between_stages)
    return f"only between stages (after layers {stages})" if stages else "in any layer"


def _lacks(model: str, task: str, classes: int) -> str:
    """Why a model cannot do a task; empty if it can."""
    arch = architecture(model)
    if task == "retrieval":
        if arch.text is None:
            return "has no text tower"
        return "" if model in VOCABULARIES else "has no vocabulary in the package"
    if arch.num_classes == 0:
        return "has no classifier"
    return "" if arch.num_classes == classes else f"tells {arch.num_classes} classes apart, not {classes}"
