"""The pages of the documentation, taken apart: code blocks, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
}
OURS = ("python", "-m", "tldr_search")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<\s*'?(\w+)'?")


class Block(NamedTuple):
    """What stands between two fences."""

    page: str
    line: int
    """Of its first line, from 1."""
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    text = PAGES[page].read_text()
    return [Block(page, text[: found.start()].count("\n") + 2, found[1], found[2]) for found in _FENCE.finditer(text)]


def prose(page: str) -> str:
    """The page without its blocks."""
    return _FENCE.sub("", PAGES[page].read_text())


def commands(block: Block) -> Iterator[str]:
    """Of a shell block: a line each, or with the lines below it up to the end of a here-document."""
    lines = iter(block.text.splitlines())
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if found := _HEREDOC.search(line):
            body = []
            for inner in lines:
                body.append(inner)
                if inner == found[1]:
                    break
            line = "\n".join([line, *body])
        yield line


def words_of(command: str) -> list[str] | None:
    """What follows `python -m tldr_search`, or None for another command."""
    words = shlex.split(command, comments=True)
    return words[len(OURS) :] if tuple(words[: len(OURS)]) == OURS else None
