"""Looking for videos."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tldr_search.data.benchmarks.folder import VideoFolder


def test_every_folder_is_listed_once(videos, monkeypatch: pytest.MonkeyPatch) -> None:
    root = videos("a/1.avi", "a/2.avi", "b/3.avi", "4.avi")
    listed: Counter[str] = Counter()
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.update([str(path)]) or scandir(path))
    folder = VideoFolder(root)
    for _ in range(3):
        assert folder.named("a/1.avi") == root / "a" / "1.avi"
        assert folder.named("c/4.AVI") == root / "4.avi"
        assert folder.named("b/2.avi") == root / "a" / "2.avi"
        assert folder.named("5.avi") == root / "5.avi"
        assert folder.clip("3", ("", "a", "b"), (".mp4", ".avi")) == root / "b" / "3.avi"
        assert folder.clip("3", ("", "a"), (".avi",)) is None
    assert listed == Counter(str(path) for path in (root, root / "a", root / "b", root / "c"))


def test_absolute_paths_are_taken_as_they_are(videos) -> None:
    assert str(VideoFolder(videos("1.avi")).named("/elsewhere/1.avi")) == "/elsewhere/1.avi"
