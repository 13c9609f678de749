"""The directory of a run: what it was made with, and its result."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from tldr_search.config import HOW
from tldr_search.files import write_whole
from tldr_search.made_with import changes

SETTINGS = "study.yaml"
IDENTITY = "identity.yaml"
RESULT = "result.json"
PLACES = HOW | {"checkpoint", "base", "vocabulary", "annotations", "videos"}
"""Settings that decide nothing, or where something lies of which the identity knows the content."""


def check_settings(run: Path, settings: Mapping[str, object], identity: Mapping[str, str]) -> None:
    """Compares with what the result in `run`, if there is one, was made with; `ValueError` names what differs."""
    if not (run / RESULT).exists():
        return
    if not (run / SETTINGS).exists():
        raise ValueError(f"{run} holds results, but no {SETTINGS} that says what made them; choose another directory with --out")
    now = {name: value for name, value in {**settings, **identity}.items() if name not in PLACES}
    if differ := changes(made_with(run), now):
        raise ValueError(f"{run} was made with other settings ({differ}); choose another directory with --out")


def made_with(run: Path) -> dict[str, object]:
    """What decided what `run` found, as far as it was written down."""
    made = {**read_settings(run / SETTINGS), **read_settings(run / IDENTITY)}
    return {name: value for name, value in made.items() if name not in PLACES}


def keep_settings(run: Path, settings: Mapping[str, object], identity: Mapping[str, str]) -> None:
    """Writes down what `run` is made with."""
    for name, content in ((SETTINGS, settings), (IDENTITY, identity)):
        write_settings(run / name, content)


@contextmanager
def tidied(run: Path, *own: str) -> Iterator[None]:
    """Leaves no directory behind in which nothing was measured: nothing but settings, the lock, and files of this study's `own`.

    What was there before stays. To be used within the lock: the directory of another process is not ours to remove.
    """
    lock = run / "lock"
    before = {*run.iterdir()} - {lock}
    try:
        yield
    finally:
        files = [run / name for name in (SETTINGS, IDENTITY, *own)]
        measured = any(b'"part ' in file.read_bytes() for file in files if file.name in own and file.exists())
        if not before and not measured and {*run.iterdir()} <= {*files, lock}:
            shutil.rmtree(run, ignore_errors=True)


def write_settings(path: Path, settings: Mapping[str, object]) -> None:
    """Writes them as YAML, whole or not at all."""
    write_whole(path, yaml.safe_dump(dict(settings), sort_keys=False))


def read_settings(path: Path) -> dict[str, object]:
    """What `write_settings` wrote, nothing where there is no such file; `ValueError` for one that is damaged or something else."""
    if not path.exists():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _damaged(path, " ".join(str(error).split())) from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise _damaged(path, f"{type(found).__name__} at its top")
    return found


def _damaged(path: Path, why: str) -> ValueError:
    return ValueError(f"{path} holds no settings, or damaged ones ({why}); as it was written, or another directory, would be accepted")
