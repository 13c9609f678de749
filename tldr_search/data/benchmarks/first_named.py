"""Videos that annotations name in several places."""

from __future__ import annotations

from pathlib import Path

from tldr_search.data.benchmarks.split import Video


class FirstNamed:
    """Videos in the order in which they are first named, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._indices: dict[str, int] = {}

    def index(self, name: str) -> int:
        """Which one the file `name` below the folder is."""
        return self._indices.setdefault(name, len(self._indices))

    @property
    def videos(self) -> tuple[Video, ...]:
        """All that were named so far."""
        return tuple(Video(name, self._folder / name) for name in self._indices)
