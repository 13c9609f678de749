"""Every problem of a config in one list: settings, weights, vocabulary, annotations, every video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tldr_search.config import ConfigError, EvaluateConfig, Settings, StudyConfig, default_study, load_any
from tldr_search.config.rules import each
from tldr_search.preflight import check_hardware, check_writable

if TYPE_CHECKING:
    from tldr_search.data.benchmarks.split import Split

OF_SPLITS = frozenset({"benchmark", "task", "objective", "data", "annotations", "split", "search_split", "report_split", "num_classes"})
"""Settings without which nothing can be said about annotations."""
OF_VIDEOS = frozenset({"model", "frames", "protocol", "videos", "deadline", "decoders", "cache_dir", "cache_gib"})
"""Those without which, besides, nothing can be said about videos."""
OF_WEIGHTS = frozenset({"model", "frames", "checkpoint", "base", "data", "benchmark", "task", "objective", "num_classes"})
"""Settings without which nothing can be said about the weights."""
OF_TASKS = frozenset({"vocabulary", "prompt", "max_text_length", "protocol", "k_test", "batch_size", "on_bad_video"})
"""Those without which, besides, nothing can be said about whether they fit the annotations."""
OF_PLACES = frozenset({"name", "budget", "model", "cost_model", "frames", "method", "schedule", *OF_SPLITS})
"""Settings after which the directory of the results is called, if it is not said."""


def problems(path: str | None, **overrides: object) -> list[str]:
    """One line per problem, empty if all is well; `ValueError` if the file is missing or no YAML. `overrides` replace settings.

    Where settings are wrong, weights and videos are checked as far as they do not depend on those; where one is not even of its type,
    nothing else is.
    """
    try:
        config = load_any(path, **overrides) if path else default_study(**overrides)
    except ConfigError as error:
        others = _files(error.config, error.mistakes.fields) if error.config.is_typed else ()
        return [*error.mistakes.lines, *others]
    return list(_files(config, frozenset()))


def _files(config: Settings, wrong: frozenset[str]) -> Iterator[str]:
    from tldr_search.assembly import read_split  # torch, which takes seconds: not for settings that cannot even be read

    yield from _surroundings(config, wrong)
    splits: list[Split] = []
    if wrong.isdisjoint(OF_SPLITS):
        for name in config.splits:
            try:
                splits.append(read_split(config, name))
            except (ValueError, OSError) as error:
                yield str(error)
    if wrong.isdisjoint(OF_WEIGHTS):
        yield from _weights(config, splits if wrong.isdisjoint(OF_TASKS) else ())
    if splits and wrong.isdisjoint(OF_VIDEOS):
        yield from _videos(config, splits)


def _surroundings(config: Settings, wrong: frozenset[str]) -> Iterator[str]:
    """Hardware, and the place for the results."""
    devices = config.devices or 1 if isinstance(config, EvaluateConfig) else 1
    if wrong.isdisjoint({"precision", "devices"}):
        yield from each(partial(check_hardware, devices=devices), [config.precision])
    assert isinstance(config, EvaluateConfig | StudyConfig)
    if wrong.isdisjoint({"out"} if config.out else OF_PLACES | {"out"}):
        yield from each(check_writable, [config.directory])


def _weights(config: Settings, splits: Sequence[Split]) -> Iterator[str]:
    """Whether they load, and fit what the annotations say."""
    from tldr_search.assembly import load_model, make_task

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
    from tqdm import tqdm

    from tldr_search.assembly import decoder
    from tldr_search.data.decoding import BadVideo

    paths = list(dict.fromkeys(video.path for split in splits for video in split.videos))
    with decoder(config) as source:
        found = tqdm(source.read(paths, config.cut), desc="check", total=len(paths), unit="video")
        yield from (f"{views.path}: {views.reason}" for views in found if isinstance(views, BadVideo))
