"""Benchmarks whose annotations come in several forms, told apart by what the files hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tldr_search.data.benchmarks.record import Record, read_lines
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import ClassificationSplit


class Form(NamedTuple):
    """One of the forms."""

    accepted: str
    """How a file of it begins."""
    fits: Callable[[Record | None], bool]
    """Whether a file that begins with this line is of the form; None: it is a folder."""
    read: Callable[[Source], ClassificationSplit]


def either(*forms: Form) -> Callable[[Source], ClassificationSplit]:
    """A reader of the first form that fits; `ValueError` if none does."""

    def read(source: Source) -> ClassificationSplit:
        accepted = " or ".join(form.accepted for form in forms)
        first = None if source.annotations.is_dir() else read_lines(source.annotations, accepted)[0]
        for form in forms:
            if form.fits(first):
                return form.read(source)
        if first is None:
            raise ValueError(f"{source.annotations}: a folder; a file with {accepted} would be accepted")
        raise first.malformed(accepted)

    return read
