"""The directory of a run: what it was made with, and its result."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from tldr_search.config import HOW

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
    made = {**_read(run / SETTINGS), **_read(run / IDENTITY)}
    now = {**settings, **identity}
    differing = [name for name in {**made, **now} if name not in PLACES and made.get(name) != now.get(name)]
    if differing:
        changes = "; ".join(f"{name}: {made.get(name)!r} then, {now.get(name)!r} now" for name in differing)
        raise ValueError(f"{run} was made with other settings ({changes}); choose another directory with --out")


def made_with(run: Path) -> dict[str, object]:
    """What decided what `run` found, as far as it was written down."""
    return {name: value for name, value in {**_read(run / SETTINGS), **_read(run / IDENTITY)}.items() if name not in PLACES}


def keep_settings(run: Path, settings: Mapping[str, object], identity: Mapping[str, str]) -> None:
    """Writes down what `run` is made with."""
    for name, content in ((SETTINGS, settings), (IDENTITY, identity)):
        partial = run / f"{name}.partial"
        partial.write_text(yaml.safe_dump(dict(content), sort_keys=False))
        partial.replace(run / name)


def remove_if_empty(run: Path, *own: str) -> None:
    """Leaves no directory behind in which nothing was measured: nothing but settings, the lock, and files of this study's `own`."""
    if (run / RESULT).exists() or not run.is_dir():
        return
    files = [run / name for name in (SETTINGS, IDENTITY, "lock", *own)]
    if {*run.iterdir()} <= {*files} and not any(b'"part ' in file.read_bytes() for file in files if file.name in own and file.exists()):
        shutil.rmtree(run, ignore_errors=True)


def _read(path: Path) -> dict[str, object]:
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}
