"""Which clips are looked at: the first of a split that can be read, or files. Of each the view in the middle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tldr_search.assembly import decoder
from tldr_search.config import Settings
from tldr_search.data.benchmarks.split import AnsweringSplit, BaseToNovelSplit, ClassificationSplit, RetrievalSplit, Split
from tldr_search.data.benchmarks.split import Video as File
from tldr_search.data.decoding import BadVideo
from tldr_search.data.protocols import PROTOCOLS, Protocol
from tldr_search.data.resizing import Frames


class Clip(NamedTuple):
    """One view of a video."""

    name: str
    """As annotated, or the name of its file."""
    caption: str
    """What is known of it: caption, class or question; empty for nothing."""
    frames: Frames
    """[T, S, S, 3] uint8."""


class Found(NamedTuple):
    """What could be read, and what could not."""

    clips: tuple[Clip, ...]
    excluded: dict[str, str]
    """Name -> why."""


def first_clips(config: Settings, split: Split, count: int) -> Found:
    """The first `count` videos of a split that can be read; fewer only where there are no more."""
    return _read(config, split.videos, captions(split), count)


def clips_of(config: Settings, files: Sequence[File]) -> Found:
    """Those files, of which nothing else is known."""
    return _read(config, files, [""] * len(files), len(files))


def captions(split: Split) -> Sequence[str]:
    """What the annotations say of each video; of several sentences or questions the first."""
    match split:
        case RetrievalSplit():
            return _firsts(
                split, ((video, text) for text, videos in zip(split.texts, split.videos_of_text, strict=True) for video in videos)
            )
        case AnsweringSplit():
            return _firsts(split, ((question.video, question.text) for question in split.questions))
        case ClassificationSplit() | BaseToNovelSplit():
            return [split.classes[label] if split.classes else f"class {label}" for label in split.labels]
    raise AssertionError(f"nothing is known of {type(split).__name__}")


def middle_view(protocol: Protocol) -> int:
    """Of the views, which are ordered by clip and then by crop: the middle crop of the middle clip."""
    return protocol.num_clips // 2 * protocol.num_crops + protocol.num_crops // 2


def _firsts(split: Split, told: Iterator[tuple[int, str]]) -> Sequence[str]:
    found: dict[int, str] = {}
    for video, text in told:
        found.setdefault(video, text)
    return [found.get(i, "") for i in range(len(split.videos))]


def _read(config: Settings, files: Sequence[File], texts: Sequence[str], count: int) -> Found:
    """No more of them than are needed."""
    view = middle_view(PROTOCOLS[config.cut.protocol])
    clips: list[Clip] = []
    excluded: dict[str, str] = {}
    start = 0
    with decoder(config) as source:
        while len(clips) < count and start < len(files):
            some = range(start, min(start + count - len(clips), len(files)))
            for i, views in zip(some, source.read([files[i].path for i in some], config.cut), strict=True):
                if isinstance(views, BadVideo):
                    excluded[files[i].name] = views.reason
                else:
                    clips.append(Clip(files[i].name, texts[i], views[view].copy()))
            start = some.stop
    return Found(tuple(clips), excluded)
