"""The entries of JSON files, each with the line on which it begins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tldr_search.data.benchmarks.record import Record, read_text

_DECODE = json.JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\r\n]*")


class Entry(NamedTuple):
    """An entry of a list or of an object."""

    record: Record
    value: object

    def get(self, key: str) -> object:
        """A field of an entry that is an object; None if it has none of that name, or is no object."""
        return self.value.get(key) if isinstance(self.value, dict) else None


def list_entries(path: Path, accepted: str) -> Iterator[Entry]:
    """The entries of a file that is a list, in order; `ValueError` if it is not, is missing, or has none."""
    text = _Text(path, accepted)
    text.take("[")
    while True:
        yield text.entry()
        if text.take(",]") == "]":
            break
    text.end()


def object_entries(path: Path, accepted: str) -> Iterator[tuple[str, Entry]]:
    """The keys and values of a file that is an object, in order; `ValueError` as `list_entries`."""
    text = _Text(path, accepted)
    text.take("{")
    while True:
        key = text.entry()
        if not is_text(key.value):
            raise key.record.malformed(accepted)
        text.take(":")
        yield str(key.value), text.entry()
        if text.take(",}") == "}":
            break
    text.end()


def is_text(value: object) -> bool:
    """Whether a value is text that can be printed and written, and is not blank."""
    return isinstance(value, str) and bool(value.strip()) and re.search("[\0\ud800-\udfff]", value) is None


class _Text:
    """A file's text, and how far it was read."""

    def __init__(self, path: Path, accepted: str) -> None:
        self._text = read_text(path, accepted)
        self._path, self._accepted = path, accepted
        self._at, self._line = 0, 1

    def entry(self) -> Entry:
        """The value that is next."""
        self._skip()
        start, line = self._at, self._line
        try:
            value, end = _DECODE(self._text, start)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits is a bare ValueError
            raise self._record().malformed(self._accepted) from error
        self._advance(end)
        return Entry(Record(self._path, line, self._text[start:end]), value)

    def take(self, marks: str) -> str:
        """The mark that is next, one of `marks`."""
        self._skip()
        mark = self._text[self._at : self._at + 1]
        if not mark or mark not in marks:
            raise self._record().malformed(self._accepted)
        self._advance(self._at + 1)
        return mark

    def end(self) -> None:
        """Nothing is next."""
        self._skip()
        if self._at < len(self._text):
            raise self._record().malformed(self._accepted)

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        assert space is not None
        self._advance(space.end())

    def _advance(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _record(self) -> Record:
        return Record(self._path, self._line, self._text[self._at : self._at + 1000] or "(end of file)")
