"""Every problem of a config in one list: settings, weights, vocabulary, annotations, every video."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tqdm import tqdm

from tldr_search.assembly import decoder, load_model, make_task, read_split
from tldr_search.config import ConfigError, EvaluateConfig, Settings, default_study, load_any
from tldr_search.config.rules import each
from tldr_search.data.benchmarks.split import Split
from tldr_search.data.decoding import BadVideo
from tldr_search.preflight import check_hardware, check_writable

OF_SPLITS = frozenset({"benchmark", "task", "objective", "data", "annotations", "split", "search_split", "report_split", "num_classes"})
"""Settings without which nothing can be said about annotations."""
OF_VIDEOS = frozenset({"model", "frames", "protocol", "videos", "deadline", "decoders", "cache_gib"})
"""Those without which, besides, nothing can be said about videos."""
OF_WEIGHTS = frozenset({"model", "frames", "checkpoint", "base", "vocabulary", "benchmark", "task", "objective", "num_classes", "prompt"})
"""Settings without which nothing can be said about the weights."""


def problems(path: str | None, **overrides: object) -> list[str]:
    """One line per problem, empty if all is well; `ValueError` if the file is missing or no YAML. `overrides` replace settings.

    Where settings are wrong, weights and videos are checked as far as they do not depend on those.
    """
    try:
        config = load_any(path, **overrides) if path else default_study(**overrides)
    except ConfigError as error:
        return [*error.mistakes.lines, *_files(error.config, error.mistakes.fields)]
    return list(_files(config, frozenset()))


def _files(config: Settings, wrong: frozenset[str]) -> Iterator[str]:
    yield from _surroundings(config, wrong)
    splits: list[Split] = []
    if wrong.isdisjoint(OF_SPLITS):
        for name in config.splits:
            try:
                splits.append(read_split(config, name))
            except (ValueError, OSError) as error:
                yield str(error)
    if wrong.isdisjoint(OF_WEIGHTS):
        yield from _weights(config, splits)
    if splits and wrong.isdisjoint(OF_VIDEOS):
        yield from _videos(config, splits)


def _surroundings(config: Settings, wrong: frozenset[str]) -> Iterator[str]:
    """Hardware, and the place for the results."""
    devices = config.devices or 1 if isinstance(config, EvaluateConfig) else 1
    if wrong.isdisjoint({"precision", "devices"}):
        yield from each(partial(check_hardware, devices=devices), [config.precision])
    if wrong.isdisjoint(OF_SPLITS | {"out"}):
        yield from each(check_writable, [config.directory])


def _weights(config: Settings, splits: list[Split]) -> Iterator[str]:
    """Whether they load, and fit what the annotations say."""
    try:
        model = load_model(config)
    except ValueError as error:
        yield str(error)
        return
    for split in splits:
        try:
            make_task(config, split, model)
        except ValueError as error:
            yield str(error)


def _videos(config: Settings, splits: list[Split]) -> Iterator[str]:
    paths = list(dict.fromkeys(video.path for split in splits for video in split.videos))
    with decoder(config) as source:
        found = tqdm(source.read(paths, config.cut), desc="check", total=len(paths), unit="video")
        yield from (f"{views.path}: {views.reason}" for views in found if isinstance(views, BadVideo))
