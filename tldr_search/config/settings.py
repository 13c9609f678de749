"""What every config says: which model, counted as which, on which benchmark, and how it is run."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_type_hints

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.architectures import ARCHITECTURES, RANDOM, VOCABULARIES, VOCABULARY_FILES, architecture
from tldr_search.backbones.chosen import MOST_FRAMES
from tldr_search.config import on_disk, paths
from tldr_search.config.able import ANSWERING, CLASSIFICATION, RETRIEVAL, lacks
from tldr_search.config.fields import of_type
from tldr_search.config.rules import SETTLED, SHAPING, Mistakes, Rule, at_least, broken, each, one_of
from tldr_search.data.benchmarks import BENCHMARKS, Source
from tldr_search.data.protocols import PROTOCOLS, Cut, default_protocol
from tldr_search.schedule import LARGEST, Geometry

PROCESSES = max(32, 8 * (os.cpu_count() or 1))
"""That a machine may be asked to start at once; more of them only wait for each other."""
DAY = 24 * 60 * 60
"""Seconds; nobody waits longer for a video."""
PRECISIONS = ("fp32", "bf16", "fp16")
ON_BAD_VIDEO = ("fail", "exclude")
HOW = frozenset(
    {"data", "cache", "cache_dir", "cache_gib", "decoders", "deadline", "devices", "num_nodes", "out", "shown_clips", "storage", "workers"}
)
"""Settings that decide where and how fast, and what is shown, not what is found."""


@dataclass(frozen=True)
class Settings(ABC):
    """What is common to all configs; `ConfigError` if anything in one is wrong."""

    model: str = "umt-mini"
    """Model that is evaluated."""
    cost_model: str | None = None
    """Model whose GFLOPs are counted, and in whose counts schedules are given, as deep as `model`; by default `model` itself."""
    checkpoint: str | None = None
    """Weights of `model`: a file, a Hugging Face directory or hub id, or random; by default those in the package, where it has some."""
    base: str | None = None
    """The CLIP that a ViFi-CLIP checkpoint was trained from, which has the token embeddings that the checkpoint lacks."""
    vocabulary: str | None = None
    """Vocabulary of the text tower (UMT: vocab.txt, CLIP: bpe_simple_vocab_16e6.txt.gz); by default the one among the checkpoints."""
    frames: int | None = None
    """Frames per clip, if not the model's own."""
    benchmark: str = "demo"
    """Benchmark that is evaluated."""
    data: str | None = None
    """Root of annotations/, videos/ and checkpoints/; by default $TLDR_SEARCH_DATA, else data."""
    annotations: str | None = None
    """Folder of the annotation files, if not ROOT/annotations."""
    videos: str | None = None
    """Folder of the videos, if not that of the benchmark in ROOT/videos."""
    num_classes: int | None = None
    """Classes to tell apart, if not as many as the benchmark has."""
    protocol: str | None = None
    """How views are cut out of a video (see `list protocols`); by default as published for the model's family on the benchmark."""
    prompt: str = "a photo of a {}."
    """What a class is called before a CLIP; {} stands for its name."""
    k_test: int = 128
    """Candidates that UMT looks at again, of each query (0: none; R@10 asks for 10 at least), or of each question."""
    max_text_length: int | None = None
    """Ids after which a caption is cut; by default as published for UMT on the benchmark, or CLIP's context."""
    on_bad_video: str = "fail"
    """fail, or exclude: leave videos that cannot be read out, list them, and say how many."""
    deadline: int = 300
    """Seconds after which a video counts as unreadable."""
    decoders: int = min(8, os.cpu_count() or 1)
    """Processes that decode videos, for each device."""
    cache: bool = True
    """Whether decoded frames are kept on disk for the next time."""
    cache_dir: str | None = None
    """Where; by default $TLDR_SEARCH_CACHE, else tldr_search in the user's cache directory."""
    cache_gib: int = 50
    """How many GiB of them."""
    precision: str = "fp32"
    """fp32, bf16 or fp16."""
    batch_size: int = 16
    """Views per batch; halved when memory does not suffice."""

    def __post_init__(self) -> None:
        mistakes = broken(self._rules())
        if mistakes.lines:
            raise ConfigError(self, mistakes)

    @property
    @abstractmethod
    def measures(self) -> str:
        """The task: what the model does on the benchmark."""

    @property
    @abstractmethod
    def splits(self) -> tuple[str, ...]:
        """The splits of the benchmark that are read."""

    @property
    @abstractmethod
    def objective(self) -> str:
        """The metric that is the score."""

    @property
    @abstractmethod
    def directory(self) -> Path:
        """Where results go."""

    @property
    def costs(self) -> str:
        """The model whose GFLOPs are counted."""
        return self.cost_model or self.model

    @cached_property
    def evaluated(self) -> Architecture:
        """What runs."""
        return self._architecture(self.model)

    @cached_property
    def counted(self) -> Architecture:
        """What is counted: `evaluated`, or the cost model as published."""
        return architecture(self.cost_model) if self.cost_model else self.evaluated

    @property
    def weights(self) -> str | None:
        """`checkpoint`, found."""
        return self.found(self.checkpoint)

    @property
    def base_weights(self) -> str | None:
        """`base`, found."""
        return self.found(self.base)

    @property
    def words(self) -> str | None:
        """The vocabulary, found; None where it comes with the package."""
        if self.vocabulary is None:
            return None if self.model in VOCABULARIES else str(self.root / paths.CHECKPOINTS)
        return self.found(self.vocabulary)

    @property
    def text_length(self) -> int | None:
        """Ids after which a caption is cut; None: never."""
        if self.max_text_length or self.evaluated.text is None:
            return self.max_text_length
        return BENCHMARKS[self.benchmark].max_text_length if self.evaluated.family == "umt" else self.evaluated.text.max_positions

    @property
    def reads_texts(self) -> bool:
        """Whether the model's text tower takes part."""
        return self.evaluated.family in VOCABULARY_FILES and not (self.measures == CLASSIFICATION and self.evaluated.num_classes)

    @property
    def cut(self) -> Cut:
        """Which pixels of a video the model sees."""
        name = self.protocol or default_protocol(self.evaluated.family, self._published_benchmark)
        return Cut(name, self.evaluated.frames, self.evaluated.image_size, BENCHMARKS[self.benchmark].trim_seconds)

    @property
    def videos_at_once(self) -> int:
        """In a batch: all views of a video are in one."""
        return max(self.batch_size // PROTOCOLS[self.cut.protocol].num_views, 1)

    def source(self, split: str) -> Source:
        """Where the annotations and videos of a split lie."""
        row = BENCHMARKS[self.benchmark]
        folder = paths.expanded(self.annotations) if self.annotations else self.root / paths.ANNOTATIONS
        annotations = folder / row.splits[split] if split in row.splits else paths.within(folder, split)
        videos = paths.expanded(self.videos) if self.videos else self.root / paths.VIDEOS / row.videos
        return Source(self.measures, split, annotations, videos, self.num_classes or row.num_classes)

    @property
    def root(self) -> Path:
        """Of annotations, videos and checkpoints."""
        return paths.root(self.data)

    def found(self, name: str | None) -> str | None:
        """In place, or among the checkpoints of the root, or a hub id as it is."""
        if name is None or name == RANDOM:
            return name
        path = paths.within(self.root / paths.CHECKPOINTS, name)
        return str(path) if path.exists() else name

    @property
    def _published_benchmark(self) -> str:
        """The one whose protocol is followed."""
        return self.benchmark

    @property
    def _benchmark_classes(self) -> int:
        """How many the benchmark has; 0: whatever the model has."""
        return BENCHMARKS[self.benchmark].num_classes

    def _architecture(self, model: str) -> Architecture:
        fields = {} if self.frames is None else {"frames": self.frames}
        classes = self.num_classes or self._benchmark_classes
        if self.measures == CLASSIFICATION and architecture(model).num_classes and classes:
            fields["num_classes"] = classes
        return architecture(model, **fields)

    @property
    def _counted(self) -> tuple[str, ...]:
        """The fields that say what is counted."""
        return ("cost_model",) if self.cost_model else ("model", "frames", "num_classes", *SETTLED)

    def _rules(self) -> Iterator[Rule]:
        """In the order in which mistakes are told."""
        yield from self._type_rules()
        yield Rule("model", one_of("model", self.model, ARCHITECTURES, "`list models`"))
        yield Rule("cost_model", one_of("cost_model", self.cost_model, ARCHITECTURES, "`list models`"))
        yield Rule("cost_model", self._unlike(), needs=("model",))
        yield Rule("benchmark", one_of("benchmark", self.benchmark, BENCHMARKS, "`list benchmarks`"))
        yield Rule("protocol", one_of("protocol", self.protocol, PROTOCOLS))
        yield Rule("on_bad_video", one_of("on_bad_video", self.on_bad_video, ON_BAD_VIDEO))
        yield Rule("precision", one_of("precision", self.precision, PRECISIONS))
        for field, least in (("k_test", 0), ("cache_gib", 0), ("batch_size", 1)):
            yield Rule(field, at_least(field, getattr(self, field), least))
        yield Rule("deadline", at_least("deadline", self.deadline, 1, DAY))
        yield Rule("decoders", at_least("decoders", self.decoders, 1, PROCESSES))
        for field, least, most in (("frames", 1, MOST_FRAMES), ("num_classes", 1, LARGEST), ("max_text_length", 3, LARGEST)):
            if (value := getattr(self, field)) is not None:
                yield Rule(field, at_least(field, value, least, most))
        yield Rule("frames", each(self._of_frames, [self.frames] * (self.frames is not None), "frames: "), needs=("model",))
        yield Rule("prompt", self._unnamed())
        yield from self._own_rules()
        yield Rule("model", self._unable(), needs=("num_classes", *SETTLED))
        yield Rule("k_test", self._too_few(), needs=("model", *SETTLED))
        yield Rule("protocol", self._views(), needs=("model", *SHAPING))
        yield from on_disk.rules(self)

    @property
    def is_typed(self) -> bool:
        """Whether every field holds what it can hold; otherwise nothing may be asked of the settings."""
        return not broken(self._type_rules()).lines

    def _type_rules(self) -> Iterator[Rule]:
        for name, hint in get_type_hints(type(self)).items():
            yield Rule(name, of_type(name, getattr(self, name), hint))
        yield from on_disk.names(self)

    @abstractmethod
    def _own_rules(self) -> Iterator[Rule]:
        """Those of the fields that are not common."""

    def _of_frames(self, frames: int | None) -> Architecture:
        return architecture(self.model, frames=frames)

    def _unlike(self) -> Iterator[str]:
        evaluated, counted = architecture(self.model).geometry, architecture(self.costs).geometry
        if not counted.alike(evaluated):
            if counted.depth != evaluated.depth:
                differ = f"{self.costs} has {counted.depth} layers, {self.model} has {evaluated.depth}"
            else:
                differ = f"tokens leave {self.costs} {_leaving(counted)}, {self.model} {_leaving(evaluated)}"
            accepted = ", ".join(name for name, row in ARCHITECTURES.items() if row.geometry.alike(evaluated))
            yield f"cost_model: {differ}; one of {accepted} would be accepted"

    def _too_few(self) -> Iterator[str]:
        """No answer without a candidate."""
        if self.measures == ANSWERING and self.k_test < 1:
            yield f"k_test: {self.k_test}; a whole number from 1 would be accepted"

    def _unnamed(self) -> Iterator[str]:
        if self.prompt.count("{}") != 1 or self.prompt.count("{") != 1 or self.prompt.count("}") != 1:
            yield f"prompt: {self.prompt!r}; a text with one {{}} for the name would be accepted"

    def _views(self) -> Iterator[str]:
        views = PROTOCOLS[self.cut.protocol].num_views
        if self.measures == RETRIEVAL and views > 1:
            yield f"protocol: {self.cut.protocol} cuts {views} views; for retrieval one of {_single()} would be accepted"

    def _unable(self) -> Iterator[str]:
        why = {name: lacks(name, self.measures, self.num_classes or self._benchmark_classes) for name in ARCHITECTURES}
        if why[self.model]:
            accepted = ", ".join(name for name, reason in why.items() if not reason) or "no model"
            yield f"model: {self.model} {why[self.model]}; for {self.measures} on {self.benchmark} {accepted} would be accepted"

    def _no_split(self, field: str) -> Iterator[str]:
        """A split by name or, of benchmarks with files, by its annotation file."""
        value, row = getattr(self, field), BENCHMARKS[self.benchmark]
        if value not in row.splits and not (row.videos and Path(value).suffix):
            yield from one_of(field, value, row.splits)


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


def _single() -> str:
    return ", ".join(name for name, row in PROTOCOLS.items() if row.num_views == 1)
