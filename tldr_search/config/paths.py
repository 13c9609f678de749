"""Where things lie: a user sets one root, and configs name files by the names that their authors gave them.

Under the root are `annotations/`, `videos/` and `checkpoints/` (weights and vocabularies).
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "TLDR_SEARCH_DATA"
"""The environment variable that names the root."""
ANNOTATIONS, VIDEOS, CHECKPOINTS = "annotations", "videos", "checkpoints"

LONGEST_PART = 255
"""Bytes of a file's name."""


def root(data: str | None) -> Path:
    """What the config or the command line says, else the environment, else `data` in the working directory."""
    return expanded(data or os.environ.get(VARIABLE) or "data")


def expanded(name: str) -> Path:
    """With a home directory for `~`."""
    return Path(name).expanduser()


def impossible(name: str) -> str:
    """Why no path can be called so, and what could; empty if one can."""
    longest = max(len(part.encode("utf-8", "surrogateescape")) for part in name.split("/"))
    if longest > LONGEST_PART:
        return f"has a part of {longest} bytes; at most {LONGEST_PART} between slashes"
    try:
        expanded(name)
    except RuntimeError:
        return "begins with a home directory that there is not; a path"
    return ""


def within(folder: Path, name: str) -> Path:
    """Below `folder` if it is there, else, if it exists, `name` as it is."""
    path = expanded(name)
    below = folder / path
    return path if path.exists() and not below.exists() else below


def ways() -> str:
    """How to say where the root is, for messages."""
    return f"another root can be given with --data or {VARIABLE}"
