"""Every problem of a config in one list: weights, annotations, every video."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.checkpoints import load_backbone, load_retrieval
from tldr_search.config import EvaluateConfig, StudyConfig, default_study, load_any
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.data.video import BadVideoError, read_frames


def problems(path: str | None) -> list[str]:
    """One line per problem, empty if all is well; `ValueError` if the config itself cannot be read."""
    config = load_any(path) if path else default_study()
    return [*_weights(config), *_videos(config)]


def _weights(config: StudyConfig | EvaluateConfig) -> Iterator[str]:
    try:
        (load_retrieval if config.task == "retrieval" else load_backbone)(config.model, config.checkpoint)
    except ValueError as error:
        yield str(error)


def _videos(config: StudyConfig | EvaluateConfig) -> Iterator[str]:
    splits = (config.search_split, config.report_split) if isinstance(config, StudyConfig) else (config.split,)
    frames = architecture(config.model).frames
    videos: list[Path] = []
    for split in splits:
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
