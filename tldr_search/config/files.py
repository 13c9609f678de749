"""Configs from YAML and plain values, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from tldr_search import winners, yaml_files
from tldr_search.config import paths
from tldr_search.config.answer import AnswerConfig
from tldr_search.config.evaluation import EvaluateConfig
from tldr_search.config.fields import default_text, plain
from tldr_search.config.rules import Mistakes
from tldr_search.config.settings import ConfigError, Settings
from tldr_search.config.study import StudyConfig
from tldr_search.config.visualize import VisualizeConfig
from tldr_search.names import brief, near
from tldr_search.reducers import NONE

Config = TypeVar("Config", bound=Settings)


def load(kind: type[Config], path: str | Path, **overrides: object) -> Config:
    """The YAML file at `path`, some fields replaced; `ValueError` names the file and everything that is wrong in it."""
    content = _read(path)
    try:
        return from_mapping(kind, {**content, **overrides})
    except ConfigError as error:
        raise ConfigError(error.config, error.mistakes, f"config {path}: ") from error


def load_any(path: str | Path, **overrides: object) -> StudyConfig | EvaluateConfig:
    """The study or the evaluation in the YAML file at `path`, some fields replaced: whichever knows more of its settings.

    An evaluation where both know as many.
    """
    names = set(_read(path))
    study, evaluation = (len(names & set(get_type_hints(kind))) for kind in (StudyConfig, EvaluateConfig))
    return load(EvaluateConfig, path, **overrides) if evaluation >= study else load(StudyConfig, path, **overrides)


def _read(path: str | Path) -> Mapping[Any, object]:
    if Path(path).suffix.lower() == ".json":
        raise ValueError(f"config {path}: JSON; a study or an evaluation (YAML) would be accepted")
    try:
        content = yaml_files.read(path)
    except OSError as error:
        raise ValueError(f"config {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ValueError(f"config {path} is no YAML of settings: {error}") from error
    if content is not None and not isinstance(content, Mapping):
        raise ValueError(f"config {path}: {type(content).__name__} at the top; names with values would be accepted")
    if content and {"methods", "provenance"} <= content.keys():
        raise ValueError(f"config {path} is the best.yaml of a study; --schedule {path} would be accepted")
    return content or {}


def from_mapping(kind: type[Config], values: Mapping[Any, object]) -> Config:
    """A config from plain values; comma-separated text is accepted for a list. `ConfigError` lists unknown settings, too."""
    hints = get_type_hints(kind)
    unknown = tuple(_unknown(name, hints) for name in values if name not in hints)
    unknown += tuple(_empty(kind, values))
    known: dict[str, Any] = {name: plain(value, hints[name]) for name, value in values.items() if name in hints}
    try:
        config = kind(**known)
    except ConfigError as error:
        raise ConfigError(error.config, error.mistakes._replace(lines=unknown + error.mistakes.lines)) from error
    if unknown:
        raise ConfigError(config, Mistakes(unknown, frozenset()))
    return config


def _unknown(name: object, known: Iterable[str]) -> str:
    return f"unknown setting {brief(name)}; {near(name if isinstance(name, str) else brief(name), known, '--help')}"


def _empty(kind: type[Config], values: Mapping[Any, object]) -> Iterator[str]:
    """Lists that somebody gave without anything in them, where nothing means a default; elsewhere it means none."""
    for field in dataclasses.fields(kind):
        if field.default == () and isinstance(value := values.get(field.name), str) and not plain(value, tuple[str, ...]):
            yield f"{field.name}: {value!r} is empty; a list of texts, or leaving it out, would be accepted"


def default_study(**overrides: object) -> StudyConfig:
    """The study in the package; for another model, or cost_model, without the twin, budget and ladder that belong to its own."""
    content = _embedded()
    if "model" in overrides or overrides.get("cost_model", content["cost_model"]) != content["cost_model"]:
        content = {name: value for name, value in content.items() if name not in ("cost_model", "budget", "ladder")}
    return from_mapping(StudyConfig, {**content, **overrides})


def _embedded() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(files("tldr_search").joinpath("demo/study.yaml").read_text())
    return content


def default_texts(kind: type) -> dict[str, str]:
    """Field -> its default as the command line says it, and what the study in the package says instead, if it does."""
    texts = {field.name: default_text(field.default) for field in dataclasses.fields(kind)}
    for name, value in (_embedded() if kind is StudyConfig else {}).items():
        if (own := default_text(tuple(value) if isinstance(value, list) else value)) != texts[name]:
            texts[name] = f"{texts[name]}; embedded study: {own}" if texts[name] else f"embedded study: {own}"
    return {name: text for name, text in texts.items() if text}


def default_evaluation(**overrides: object) -> EvaluateConfig:
    """Model and cost twin of the study in the package, or of the study whose `best.yaml` is given, unless another model is asked for."""
    return from_mapping(EvaluateConfig, {**_models(overrides), **overrides})


def one_video(**overrides: object) -> AnswerConfig:
    """What to ask of a single video; model and cost twin as in `default_evaluation`."""
    return from_mapping(AnswerConfig, {**_models(overrides), **overrides})


def to_visualize(path: str | Path | None = None, **overrides: object) -> VisualizeConfig:
    """What to show: of the model and the clips of a study or an evaluation, whose other settings are left aside; without one, of the
    embedded default, or of the models of the `best.yaml` that is shown.
    """
    if path is None:
        return from_mapping(VisualizeConfig, {**_models(overrides), **overrides})
    content = dict(_read(path))
    for name, other in (("split", "report_split"), ("methods", "method")):
        if content.get(other, NONE.name) != NONE.name and name not in content:
            content[name] = content[other]
    for name, other in (("schedule", "budget"), ("budget", "schedule")):
        if name in overrides:
            content.pop(other, None)
    known, others = get_type_hints(VisualizeConfig), {**get_type_hints(StudyConfig), **get_type_hints(EvaluateConfig)}
    kept = {name: value for name, value in content.items() if name in known or name not in others}
    kept.pop("out", None)  # where another command's results are
    try:
        return from_mapping(VisualizeConfig, {**kept, **overrides})
    except ConfigError as error:
        raise ConfigError(error.config, error.mistakes, f"config {path}: ") from error


def _models(given: Mapping[str, object]) -> dict[str, object]:
    """Model and cost model, where none is asked for: those of the `best.yaml` that is given, or of the embedded default."""
    schedule = given.get("schedule")
    if "model" in given:
        return {}
    if not winners.is_file(schedule):
        return {"cost_model": _embedded()["cost_model"]}
    found = winners.read(paths.expanded(str(schedule)))
    twin = found.model != found.cost_model
    return {"model": found.model, "cost_model": found.cost_model if twin else None, **({} if twin else found.overrides)}


def to_yaml(config: Settings) -> str:
    """What `load` reads back."""
    return yaml.safe_dump(to_mapping(config), sort_keys=False)


def to_mapping(config: Settings) -> dict[str, Any]:
    """Plain values, by field."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(config).items()}
