"""What a reader makes of annotation files: the videos of one split, each once, and what is known of them. Never imports torch."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple


class Video(NamedTuple):
    """A video of a split."""

    name: str
    """Unique within the split."""
    path: Path


@dataclass(frozen=True)
class Split(ABC):
    """Videos in a fixed order; whoever speaks of the video `i` means `videos[i]`."""

    videos: tuple[Video, ...]
    """Each once, however often the annotations name it."""
    sources: tuple[Path, ...]
    """The annotation files that were read."""

    @property
    def content(self) -> dict[str, object]:
        """What it says, wherever the files lie."""
        kept = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in ("videos", "sources")}
        return {"videos": tuple(video.name for video in self.videos), **kept}


@dataclass(frozen=True)
class RetrievalSplit(Split):
    """Texts that describe videos."""

    texts: tuple[str, ...]
    """As annotated, the sentences of a paragraph joined."""
    videos_of_text: tuple[tuple[int, ...], ...]
    """The videos that each text describes: one, or several where the annotations group them."""


@dataclass(frozen=True)
class ClassificationSplit(Split):
    """Videos of known classes."""

    labels: tuple[int, ...]
    """Class of each video."""
    classes: tuple[str, ...]
    """Names in the order of the labels; empty where the annotations have none."""


@dataclass(frozen=True)
class BaseToNovelSplit(Split):
    """Videos of classes that were trained on and of others, each kind told apart among its own classes only."""

    labels: tuple[int, ...]
    """Row of `classes` of each video."""
    classes: tuple[str, ...]
    """The base classes in their order, then the novel ones in theirs."""
    num_base: int
    """How many of them are base classes."""


class Question(NamedTuple):
    """A question about a video."""

    id: str
    """As annotated."""
    video: int
    """Which one."""
    text: str
    """As annotated."""
    answer: str
    """As annotated."""


@dataclass(frozen=True)
class AnsweringSplit(Split):
    """Questions about videos, and the answers to choose from."""

    questions: tuple[Question, ...]
    answers: tuple[str, ...]
    """As annotated, in the order of their file."""
