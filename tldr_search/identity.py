"""What tells weights and annotations from others: SHA-256 digests. Never imports torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

import tldr_search
from tldr_search.backbones.architectures import PACKAGED, RANDOM, VOCABULARY_FILES
from tldr_search.backbones.hub_id import is_hub_id
from tldr_search.config import HOW, EvaluateConfig, Settings, to_mapping
from tldr_search.data.benchmarks.split import Split

_BY_CONTENT = {"checkpoint", "base", "vocabulary", "annotations"}
"""Settings that say where something lies whose content counts."""


def weights(model: str, checkpoint: str | None) -> str:
    """Of the file, or of the files in a directory; `random` where there are none."""
    if checkpoint is None:
        with as_file(files("tldr_search.demo") / PACKAGED[model]) as path:
            return digest(path)
    if checkpoint == RANDOM:
        return RANDOM
    path = Path(checkpoint)
    if not path.exists() and is_hub_id(checkpoint):
        from tldr_search.backbones.checkpoints.hub import download

        path = download(checkpoint)
    if not path.is_dir():
        return digest(path)
    parts = [f"{file.name} {digest(file)}" for file in sorted(path.iterdir()) if file.suffix in (".json", ".safetensors", ".bin")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def contents(config: Settings, splits: Sequence[Split]) -> dict[str, str]:
    """Of weights, vocabulary and annotations (of `splits`, as read), and the version: with others no run is resumed."""
    found = {"weights": weights(config.model, config.weights)}
    if config.base_weights:
        found["weights of base"] = weights(config.model, config.base_weights)
    if text := vocabulary(config):
        found["content of vocabulary"] = text
    return {**found, "content of annotations": of_annotations(splits), "tldr_search": tldr_search.__version__}


def by_name(config: Settings, splits: Sequence[Split]) -> dict[str, str]:
    """The same, and of the video files their names and sizes."""
    files = [(video.name, video.path.stat().st_size if video.path.is_file() else -1) for split in splits for video in split.videos]
    return {**contents(config, splits), "content of videos": hashlib.sha256(repr(files).encode()).hexdigest()}


def of_evaluation(config: EvaluateConfig, split: Split, schedule: Sequence[int]) -> dict[str, object]:
    """Of everything that decides the numbers of an evaluation."""
    settings = {name: value for name, value in to_mapping(config).items() if name not in HOW | _BY_CONTENT | {"on_bad_video"}}
    return {**settings, "evaluated schedule": list(schedule), **contents(config, [split])}


def vocabulary(config: Settings) -> str:
    """Of the text tower's, if it does not come with the package and texts are read; else empty."""
    if config.words is None or not config.reads_texts:
        return ""
    path = Path(config.words)
    if path.is_dir():
        path = next(path / name for name in VOCABULARY_FILES[config.evaluated.family] if (path / name).is_file())
    return digest(path)


def shared_videos(splits: Sequence[Split]) -> set[Path]:
    """Files that all splits have in common, also as copies under other names."""
    sizes = [{video.path.stat().st_size for video in split.videos if video.path.is_file()} for split in splits]
    suspects = set.intersection(*sizes)
    found = [{_content(video.path, suspects): video.path for video in split.videos} for split in splits]
    return {found[0][content] for content in set.intersection(*map(set, found))}


def _content(path: Path, suspects: set[int]) -> str:
    """What is in the file, if another split has one of its size; else just its name."""
    resolved = path.resolve()
    return digest(resolved) if resolved.is_file() and resolved.stat().st_size in suspects else str(resolved)


def check_apart(config: Settings, splits: Sequence[Split]) -> None:
    """`ValueError` if the splits of the config have a video in common."""
    if shared := shared_videos(splits):
        names = " and ".join(config.splits)
        raise ValueError(f"{names} share {len(shared)} videos, e.g. {min(shared)}; splits that share none would be accepted")


def of_annotations(splits: Sequence[Split]) -> str:
    """Of what was read, wherever it lies."""
    return hashlib.sha256(repr([split.content for split in splits]).encode()).hexdigest()


def digest(path: Path) -> str:
    """Of a file."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@lru_cache
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    """Once for a file that has not changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
