"""The lines of annotation files, and the one-line answers to what is wrong with them."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

SHOWN = 80
"""So many characters of what is malformed are shown."""


class Record(NamedTuple):
    """A line, or an entry, of an annotation file."""

    file: Path
    line: int
    """On which it begins, from 1."""
    text: str

    def malformed(self, accepted: str) -> ValueError:
        """What to raise where this is not what it should be."""
        flat = " ".join(self.text.split())
        shown = flat if len(flat) <= SHOWN else flat[: SHOWN - 3] + "..."
        return ValueError(f"{self.file}, line {self.line}: {shown!r}: {accepted} would be accepted")


def read_text(path: Path, accepted: str) -> str:
    """A text file, a byte-order mark dropped; `ValueError` if it is missing, blank or no UTF-8."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ValueError(f"{path}: no such file; {accepted} would be accepted") from error
    except IsADirectoryError as error:
        raise ValueError(f"{path}: a folder; {accepted} would be accepted") from error
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; {accepted} would be accepted") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}, line {line}: no UTF-8; {accepted} would be accepted") from error
    if not text.strip():
        raise ValueError(f"{path}: empty; {accepted} would be accepted")
    return text


def read_lines(path: Path, accepted: str) -> list[Record]:
    """The lines that are not blank, without white space around them; `ValueError` as `read_text`."""
    text = read_text(path, accepted)
    records = [Record(path, number, line) for number, raw in enumerate(text.split("\n"), 1) if (line := raw.strip())]
    if "\0" in text:
        raise next(record for record in records if "\0" in record.text).malformed(accepted)
    return records


def read_csv(path: Path, accepted: str) -> list[tuple[Record, list[str]]]:
    """The rows of comma-separated values, header and all, split into fields; `ValueError` as `read_text`, and for unbalanced quotes."""
    records = read_lines(path, accepted)
    reader = csv.reader((record.text for record in records), strict=True)
    rows: list[tuple[Record, list[str]]] = []
    try:
        for fields in reader:
            if reader.line_num > len(rows) + 1:  # a quote that is not closed on its line
                raise records[len(rows)].malformed(accepted)
            rows.append((records[len(rows)], [field.strip() for field in fields]))
    except csv.Error as error:
        raise records[len(rows)].malformed(accepted) from error
    return rows


def whole_number(text: str) -> int | None:
    """A number from 0 written in at most nine digits."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None
