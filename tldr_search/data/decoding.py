"""From video files to views, in processes that may hang, crash or be killed without stopping the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from tldr_search.data.cache import FrameCache
from tldr_search.data.protocols import PROTOCOLS, Cut
from tldr_search.data.reading import BadVideoError, check_file, opened
from tldr_search.data.resizing import Frames
from tldr_search.data.sampling import trimmed

__all__ = ["BadVideo", "BadVideoError", "Decoder", "decode"]

AHEAD = 4
"""Videos per worker that are decoded before they are asked for,"""
AHEAD_BYTES = 512 * 2**20
"""as long as their views take no more than this."""


class BadVideo(NamedTuple):
    """A video that was not decoded."""

    path: Path
    reason: str
    """A line, without the path."""


def decode(path: Path, cut: Cut) -> Frames:
    """[views, T, S, S, 3], in this process; `BadVideoError`. May hang or crash on a damaged file: see `Decoder`."""
    protocol = PROTOCOLS[cut.protocol]
    with opened(path) as video:
        length = video.length if cut.trim_seconds is None else trimmed(video.length, video.fps, cut.trim_seconds)
        clips = protocol.clips(cut.frames, length)
        wanted = {index for clip in clips for index in clip}
        resized = {index: protocol.resize(frame[None], cut.image_size)[0] for index, frame in video.frames(wanted)}
    views = [view for clip in clips for view in protocol.crops(np.stack([resized[index] for index in clip]), cut.image_size)]
    return np.stack(views)


class Decoder:
    """A pool of worker processes. They are started when the first video that is not in the cache is asked for."""

    def __init__(self, workers: int, deadline: float, cache: FrameCache | None = None) -> None:
        """`deadline` in seconds for one video; a worker that takes longer is killed and replaced."""
        self._workers, self._deadline, self._cache = workers, deadline, cache
        self._pool: ProcessPool | None = None

    def read(self, paths: Sequence[Path], cut: Cut) -> Iterator[Frames | BadVideo]:
        """[views, T, S, S, 3] of each file, in order."""
        ahead = max(1, min(AHEAD * self._workers, AHEAD_BYTES // int(np.prod(cut.shape))))
        asked: deque[Frames | BadVideo | _Asked] = deque()
        try:
            for path in paths:
                asked.append(self._ask(path, cut))
                if len(asked) > ahead:
                    yield self._answer(asked.popleft())
            while asked:
                yield self._answer(asked.popleft())
        finally:
            for left in asked:
                if isinstance(left, _Asked):
                    left.future.cancel()  # type: ignore[no-untyped-call]

    def _ask(self, path: Path, cut: Cut) -> Frames | BadVideo | _Asked:
        if self._cache and (frames := self._cache.get(path, cut)) is not None:
            return frames
        try:
            check_file(path)
        except BadVideoError as error:
            return BadVideo(path, str(error))
        return self._start(path, cut)

    def _start(self, path: Path, cut: Cut, store: bool = True) -> _Asked:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # threads of decord and of torch do not survive a fork
            self._pool = ProcessPool(self._workers, initializer=_prepare, initargs=(self._cache,), context=context)
        return _Asked(path, cut, self._pool.schedule(_work, (path, cut, store), timeout=self._deadline))

    def _answer(self, asked: Frames | BadVideo | _Asked) -> Frames | BadVideo:
        if not isinstance(asked, _Asked):
            return asked
        path, cut, future = asked
        try:
            done = future.result()
        except TimeoutError:
            return BadVideo(path, f"took longer than {self._deadline:g} s")
        except ProcessExpired as error:
            return BadVideo(path, f"the decoder died ({_death(error.exitcode)})")
        except MemoryError:
            return BadVideo(path, "takes more memory than there is")
        if done.reason:
            return BadVideo(path, done.reason)
        if done.trouble and self._cache:
            self._cache.give_up(done.trouble)
        if done.frames is not None:
            return done.frames
        assert self._cache
        frames = self._cache.get(path, cut)
        return self._answer(self._start(path, cut, store=False)) if frames is None else frames  # someone removed it meanwhile

    def close(self) -> None:
        """Ends the workers."""
        if self._pool:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Done(NamedTuple):
    """What a worker says. It writes the cache itself, because big arrays take long through a pipe."""

    frames: Frames | None = None
    """None if they are in the cache, or if there is a reason."""
    reason: str = ""
    """Why it is a bad video."""
    trouble: str = ""
    """Why the cache could not be written."""


class _Asked(NamedTuple):
    path: Path
    cut: Cut
    future: ProcessFuture[_Done]


_cache: FrameCache | None = None
"""The worker's own."""


def _prepare(cache: FrameCache | None) -> None:
    """A worker uses one core, and the screen belongs to the run."""
    global _cache
    _cache = cache
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    import cv2
    import decord  # noqa: F401  before the first deadline runs

    cv2.setNumThreads(1)


def _work(path: Path, cut: Cut, store: bool) -> _Done:
    try:
        frames = decode(path, cut)
    except BadVideoError as error:
        return _Done(reason=str(error))
    if _cache is None or not store:
        return _Done(frames)
    return _Done(None if _cache.put(path, cut, frames) else frames, trouble=_cache.trouble)


def _death(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit status {code}"
    return f"signal {-code}: {signal.strsignal(-code)}"
