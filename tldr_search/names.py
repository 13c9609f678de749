"""Answers to a wrong name."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches

FEW = 12
"""So many names are always told."""
_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 100
_brief.maxlong = 40


def near(word: str, known: Iterable[str], everything: str = "") -> str:
    """`"did you mean tome? accepted are vid-tldr, tome, sta"`; without the question if nothing is near.

    Of many names only those that are near, if there are any, and where `everything` is told.
    """
    names = list(known)
    close = get_close_matches(word.lower(), names, n=2, cutoff=0.5)
    question = f"did you mean {' or '.join(close)}? " * bool(close)
    if close and everything and len(names) > FEW:
        return f"{question}{everything} tells all"
    return f"{question}accepted are {', '.join(names)}"


def brief(value: object) -> str:
    """As Python writes it, short: messages are one line, whatever somebody gave."""
    try:
        return _brief.repr(value)
    except ValueError:
        return "a huge number"  # of more digits than Python writes
