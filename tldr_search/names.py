"""Answers to a wrong name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(word: str, known: Iterable[str]) -> str:
    """`"did you mean tome? accepted are vid-tldr, tome, sta"`; without the question if nothing is near."""
    names = list(known)
    close = get_close_matches(word.lower(), names, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(close)}? " * bool(close) + f"accepted are {', '.join(names)}"
