"""The frames of a video file, or the reason why there are none.

decord 0.6.0 gives the right frames of a file that is read from its start to its end, frame after frame, and is asked for nothing else here.
It cannot seek: it takes a key frame's place in the order of decoding for its place in the order of display, so `get_batch` gives other
frames than those it was asked for, without a word, wherever these orders differ: AVI and MPEG-4 with B-frames (as all of HMDB51), HEVC and
H.264 with open groups of pictures. On clips of Kinetics, reading everything takes 1.1 to 1.5 times as long as seeking did.

Reading to the end also tells whether all frames are there, and ffmpeg's messages tell whether it had to make some of them up.
"""

from __future__ import annotations

import math
import os
import re
import stat
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
MISSING = 1
"""Frames that may be missing at the end: DivX with packed B-frames (HMDB51) ends in an empty one. decord repeats the one before it."""


class BadVideoError(ValueError):
    """A video that cannot be decoded; the message is the reason, without the path."""


def check_file(path: Path) -> None:
    """`BadVideoError` if it is no file, is empty or may not be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadVideoError("is a directory" if stat.S_ISDIR(status.st_mode) else "is no regular file")
        if status.st_size == 0:
            raise BadVideoError("is empty")
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        raise BadVideoError("no such file") from None
    except OSError as error:
        raise BadVideoError((error.strerror or str(error)).lower()) from error


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """A reader of the file; `BadVideoError`. Meanwhile standard error, of libraries in C as well, goes to a file."""
    check_file(path)
    with tempfile.TemporaryFile() as messages:
        screen = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            yield Reader(path, messages)
        finally:
            os.dup2(screen, 2)
            os.close(screen)


class Reader:
    """The frames of a file that is `opened`."""

    def __init__(self, path: Path, messages: BinaryIO) -> None:
        import decord

        self._path, self._messages = path, messages
        self._errors = (decord.DECORDError, decord.DECORDLimitReachedError, RuntimeError, AssertionError, StopIteration, UnicodeError)
        decord.logging.set_level(decord.logging.INFO)  # the level at which ffmpeg says that it conceals errors
        with self._blaming():
            self._reader: Any = decord.VideoReader(str(path.absolute()), ctx=decord.cpu(0), num_threads=1, fault_tol=MISSING)
        self.length: int = len(self._reader)

    @property
    def fps(self) -> float:
        """Frames per second, on average over the video."""
        fps = float(self._reader.get_avg_fps())
        if not (math.isfinite(fps) and fps > 0):
            raise BadVideoError("has no frame rate")
        return fps

    def frames(self, wanted: Container[int]) -> Iterator[tuple[int, Frame]]:
        """Index and frame [H, W, 3] RGB, upright, of all that are wanted. Decodes everything: only the end tells what is missing."""
        with self._blaming():
            for index in range(self.length):
                frame = self._reader.next()
                if index in wanted:
                    yield index, _compact(frame.asnumpy())
        if told := _DAMAGE.search(self._told()):
            raise BadVideoError(f"is damaged or was cut off (ffmpeg: {told.group()})")

    @contextmanager
    def _blaming(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            told = f"{type(error).__name__}: {error}\n{self._told()}"
            known = (reason for pattern, reason in _REASONS.items() if re.search(pattern, told))
            raise BadVideoError(next(known, f"cannot be read by decord ({_first_line(error, self._path.absolute())})")) from error

    def _told(self) -> str:
        """What libraries have said so far; only the start, if it is much."""
        self._messages.seek(0)
        return self._messages.read(2**20).decode(errors="replace")


_REASONS = {
    r"moov atom not found|error reading header|contradictionary": "is no video or was cut off: it has no index (moov atom)",
    r"st_nb >= 0 \(-1128613112": "has a codec that decord does not know (as AV1) or a damaged header",  # AVERROR_DECODER_NOT_FOUND
    r"cannot find video stream": "holds no video stream",
    r"Invalid frame count|No frame": "holds no frame",
    r"Failed to measure duration": "has no length that decord could tell (as GIF and raw streams)",
    r"duplicate frames|Unable to handle EOF|StopIteration": "lacks frames: fewer can be decoded than it says to hold (cut off, or MPEG-TS)",
    r"av_read_frame failed|Error sending packet|Error decoding frame": "is damaged or was cut off",
    r"ERROR opening": "is no video that ffmpeg knows",
}
"""What decord, or ffmpeg, says of a file -> what that means. The first that fits is told."""

_DAMAGE = re.compile(
    r"concealing \d+ DC.*|error while decoding MB.*|Error at MB.*|\S+ damaged.*"
    r"|Truncating packet.*|Read error.*|partial file.*|File ended prematurely.*"
)
"""What ffmpeg says when it goes on with less than there was, or with what it made up."""


def _first_line(error: BaseException, path: Path) -> str:
    """Without the time and place in decord's source, nor the path."""
    lines = str(error).replace(str(path), "").strip().splitlines() or [type(error).__name__]
    return re.sub(r"^\[[\d:]+\] \S+:\d+: |\[\]", "", lines[0])


def _compact(frame: Frame) -> Frame:
    """[H, W, 3], without the bytes that pad the rows.

    Where their number makes rows a multiple of W (at 48 and 72, for example, or at 96 with AVX-512), decord takes them for channels.
    """
    height, width, _ = frame.shape
    return frame.reshape(height, -1)[:, : 3 * width].reshape(height, width, 3)
