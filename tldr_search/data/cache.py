"""Decoded frames on disk, so that a video is decoded once for all evaluations, ranks, nodes and runs."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tldr_search.data.protocols import Cut
from tldr_search.data.resizing import Frames

VERSION = 1
"""To be raised when the same cut of the same video gives other pixels than before."""
LOOKS = 20
"""The directory is looked through again whenever all writers together may have written one part in this many of the limit."""


class _Entry(NamedTuple):
    used: float
    """When it was last read or written, by its modification time."""
    size: int
    path: Path


class FrameCache:
    """One `.npy` file per video and cut, in 256 folders; any number of processes and nodes may share a directory.

    Entries that this run has used are never removed by it (a run starts when this object is made; its workers get copies). So one pass over
    more than fits keeps what it has: the rest is not stored. The limit holds for one writer exactly; several count each other's bytes
    only now and then, and may exceed it by a twentieth in all, and by an entry each.
    """

    def __init__(self, directory: Path, limit: int, writers: int = 1) -> None:
        """`limit` in bytes; `writers`: processes that write to the directory at once, on all nodes."""
        assert writers > 0
        self.directory, self.limit = directory, limit
        self._share = limit // (LOOKS * writers)
        self.trouble = ""
        """Why nothing is written any more."""
        self._started = time.time()
        self._used = 0
        self._unseen: int | None = None  # bytes written since the directory was looked through; None: it never was
        self._old: list[_Entry] = []  # what may go, newest first

    def get(self, path: Path, cut: Cut) -> Frames | None:
        """[views, T, S, S, 3], or None. What is damaged is removed."""
        try:
            entry = self._path(path, cut)
            with entry.open("rb") as file:
                frames = _read(file, cut)
            if frames is None:
                entry.unlink(missing_ok=True)
            else:
                with suppress(OSError):  # a directory that is only read
                    os.utime(entry)
        except OSError:
            return None
        return frames

    def put(self, path: Path, cut: Cut, frames: Frames) -> bool:
        """Whether it is stored: not if there is no room, nor after the directory could not be written."""
        assert frames.shape == cut.shape
        assert frames.dtype == np.uint8
        if self.trouble or not self._make_room(len(_header(cut)) + frames.nbytes):
            return False
        try:
            _write(self._path(path, cut), _header(cut), frames)
        except OSError as error:
            self.give_up(error.strerror or str(error))
        return not self.trouble

    def give_up(self, reason: str) -> None:
        """Writes nothing any more, and says so once."""
        if not self.trouble:
            print(f"tldr_search: no more decoded frames are kept in {self.directory}: {reason}", file=sys.stderr)
        self.trouble = reason

    def _path(self, path: Path, cut: Cut) -> Path:
        video = path.stat()
        key = hashlib.sha256(repr((VERSION, str(path.absolute()), video.st_size, video.st_mtime_ns, *cut)).encode()).hexdigest()
        return self.directory / key[:2] / f"{key[2:]}.npy"

    def _make_room(self, size: int) -> bool:
        if self._unseen is None or self._unseen > self._share:
            entries = sorted(_entries(self.directory), reverse=True)
            self._used, self._unseen = sum(entry.size for entry in entries), 0
            self._old = [entry for entry in entries if entry.used < self._started]
        while self._used + size > self.limit and self._old:
            entry = self._old.pop()
            with suppress(OSError):
                if entry.path.stat().st_mtime == entry.used:  # else another process of this run has used it meanwhile
                    entry.path.unlink()
                    self._used -= entry.size
        if self._used + size > self.limit:
            return False
        self._used, self._unseen = self._used + size, self._unseen + size
        return True


def _entries(directory: Path) -> Iterator[_Entry]:
    """Whatever is there, with what a killed process left half-written."""
    for folder in (f"{i:02x}" for i in range(256)):
        with suppress(OSError), os.scandir(directory / folder) as files:
            for file in files:
                with suppress(FileNotFoundError):
                    status = file.stat()
                    yield _Entry(status.st_mtime, status.st_size, Path(file.path))


def _header(cut: Cut) -> bytes:
    """What an `.npy` file of this cut starts with."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": cut.shape})
    return buffer.getvalue()


def _write(entry: Path, header: bytes, frames: Frames) -> None:
    """All of it or nothing."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    unfinished = entry.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            file.write(header)
            file.write(np.ascontiguousarray(frames).data)
        unfinished.replace(entry)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _read(file: io.BufferedReader, cut: Cut) -> Frames | None:
    """None if the file is not what was written."""
    header = _header(cut)
    if file.read(len(header)) != header:
        return None
    frames = np.empty(cut.shape, np.uint8)
    whole = file.readinto(frames.reshape(-1).data) == frames.nbytes and not file.read(1)  # np.load takes 7 times as long for 36 MB
    return frames if whole else None


def default_directory() -> Path:
    """`$TLDR_SEARCH_CACHE`, else `tldr_search` in `$XDG_CACHE_HOME`, else `~/.cache/tldr_search`."""
    if named := os.environ.get("TLDR_SEARCH_CACHE"):
        return Path(named).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "tldr_search"
