"""What settings name must lie on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tldr_search.backbones.architectures import PACKAGED, RANDOM, VOCABULARY_FILES
from tldr_search.backbones.hub_id import is_hub_id
from tldr_search.config import paths
from tldr_search.config.rules import SHAPING, WHERE, Rule
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.names import brief

if TYPE_CHECKING:
    from tldr_search.config.settings import Settings

WEIGHTS = f"a file or directory with weights, a hub id (owner/name), or {RANDOM}, would be accepted"

FIELDS = (
    *("checkpoint", "base", "vocabulary", "data", "annotations", "videos", "cache_dir", "out"),
    *("split", "search_split", "report_split", "schedule", "classes", "video"),
)
"""Settings that are, or may be, paths."""


def names(settings: Settings) -> Iterator[Rule]:
    """Whether paths can be paths, before anybody looks for them."""
    for field in FIELDS:
        value = getattr(settings, field, None)
        given = value if isinstance(value, tuple) else [value] if value else []
        yield Rule(field, (f"{field}: {brief(name)} {why} would be accepted" for name in given if (why := paths.impossible(name))))


def rules(settings: Settings) -> Iterator[Rule]:
    """In the order in which mistakes are told."""
    yield Rule("data", _no_root(settings))
    for field in ("checkpoint", "base"):
        yield Rule(field, _missing(settings, field), needs=("data",))
    yield Rule("checkpoint", _unpackaged(settings), needs=("model",))
    yield Rule("vocabulary", _no_words(settings), needs=("model", "data", *SHAPING))
    for field in ("annotations", "videos"):
        yield Rule(field, _no_folder(settings, field))
    yield Rule("annotations", _no_annotations(settings), needs=("split", "search_split", "report_split", *WHERE))


def _no_root(settings: Settings) -> Iterator[str]:
    if settings.data is not None and not settings.root.is_dir():
        folders = f"{paths.ANNOTATIONS}/, {paths.VIDEOS}/ and {paths.CHECKPOINTS}/"
        yield f"data: {settings.data!r} is no directory; the root of {folders} would be accepted"


def _missing(settings: Settings, field: str) -> Iterator[str]:
    source = getattr(settings, field)
    if source not in (None, RANDOM) and not (Path(settings.found(source) or "").exists() or is_hub_id(source)):
        yield f"{field}: {source!r} is no file or directory, here or in {settings.root / paths.CHECKPOINTS}; {WEIGHTS}"


def _unpackaged(settings: Settings) -> Iterator[str]:
    if settings.checkpoint is None and settings.model not in PACKAGED:
        yield f"checkpoint: none, and {settings.model} has no weights in the package; {WEIGHTS}"


def _no_words(settings: Settings) -> Iterator[str]:
    """Whether texts can be read; which file a directory holds is looked at by the tokenizer."""
    if settings.words is None or not settings.reads_texts:
        return
    names = VOCABULARY_FILES[settings.evaluated.family]
    path = Path(settings.words)
    if not path.is_file() and not any((path / name).is_file() for name in names):
        where = f"{settings.vocabulary!r}: no such vocabulary" if settings.vocabulary else f"none in {settings.words!r}"
        yield f"vocabulary: {where}; {' or '.join(names)} of {settings.model} would be accepted ({paths.ways()})"


def _no_folder(settings: Settings, field: str) -> Iterator[str]:
    value = getattr(settings, field)
    if value is not None and not paths.expanded(value).is_dir():
        yield f"{field}: {value!r} is no directory; the one that holds the benchmark's {field} would be accepted"


def _no_annotations(settings: Settings) -> Iterator[str]:
    if not BENCHMARKS[settings.benchmark].videos:
        return  # in the package
    missing = [str(path) for split in settings.splits if not (path := settings.source(split).annotations).exists()]
    if missing:
        yield f"annotations: {' and '.join(missing)}: no such file; {paths.ways()}"
