"""Where videos lie that the annotations do not name as they lie."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path


class VideoFolder:
    """A folder of videos. Every folder that is looked into is listed once; what is no folder is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listings: dict[str, dict[str, bool]] = {}

    def clip(self, stem: str, folders: Iterable[str], extensions: Iterable[str]) -> Path | None:
        """The file of a name without its extension, in the first of the folders that has it."""
        endings = tuple(extensions)
        for folder in folders:
            for ending in endings:
                if stem + ending in self._names(folder):
                    return self._root / folder / (stem + ending)
        return None

    def named(self, written: str) -> Path:
        """The file that lies as written, or else the only one of its name, ignoring case, in the folder or those right below it.

        As written if there is none, or there are several. An absolute path is taken as it is.
        """
        folder, name = os.path.split(written)
        if not Path(written).is_absolute() and name not in self._names(folder):
            found = self._anywhere.get(name.lower(), [])
            if len(found) == 1:
                return found[0]
        return self._root / written

    @cached_property
    def _anywhere(self) -> dict[str, list[Path]]:
        files = defaultdict(list)
        for folder in ("", *sorted(name for name, is_folder in self._names("").items() if is_folder)):
            for name in self._names(folder):
                files[name.lower()].append(self._root / folder / name)
        return files

    def _names(self, folder: str) -> dict[str, bool]:
        """What lies in a folder, and whether it is a folder itself."""
        if folder not in self._listings:
            try:
                with os.scandir(self._root / folder) as entries:
                    self._listings[folder] = {entry.name: entry.is_dir() for entry in entries}
            except OSError:
                self._listings[folder] = {}
        return self._listings[folder]
