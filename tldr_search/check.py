"""Every problem of a config in one list: settings, weights, annotations, every video."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.checkpoints import load_backbone, load_retrieval
from tldr_search.config import ConfigError, Settings, default_study, load_any
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.data.video import BadVideoError, read_frames

OF_WEIGHTS = frozenset({"model", "checkpoint", "benchmark", "task", "objective"})
"""Settings without which nothing can be said about the weights."""
OF_VIDEOS = frozenset({"model", "benchmark", "split", "search_split", "report_split"})


def problems(path: str | None) -> list[str]:
    """One line per problem, empty if all is well; `ValueError` if the file is missing or no YAML.

    Where settings are wrong, weights and videos are checked as far as they do not depend on those.
    """
    try:
        config = load_any(path) if path else default_study()
    except ConfigError as error:
        return [*error.mistakes.lines, *_files(error.config, error.mistakes.fields)]
    return list(_files(config, frozenset()))


def _files(config: Settings, wrong: frozenset[str]) -> Iterator[str]:
    if wrong.isdisjoint(OF_WEIGHTS):
        yield from _weights(config)
    if wrong.isdisjoint(OF_VIDEOS):
        yield from _videos(config)


def _weights(config: Settings) -> Iterator[str]:
    try:
        (load_retrieval if config.task == "retrieval" else load_backbone)(config.model, config.checkpoint)
    except ValueError as error:
        yield str(error)


def _videos(config: Settings) -> Iterator[str]:
    frames = architecture(config.model).frames
    videos: list[Path] = []
    for split in config.splits:
        try:
            videos += [sample.video for sample in BENCHMARKS[config.benchmark].read(split)]
        except (ValueError, OSError) as error:
            yield f"{config.benchmark}, split {split!r}: {error}"
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = pool.map(_problem, videos, [frames] * len(videos), chunksize=8)
        yield from filter(None, tqdm(found, desc="check", total=len(videos), unit="video"))


def _problem(video: Path, frames: int) -> str | None:
    try:
        read_frames(video, frames)
    except BadVideoError as error:
        return str(error)
    return None
