"""Annotations and videos as their authors' downloads lie on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search.data.benchmarks import Source


@pytest.fixture
def annotate(tmp_path: Path) -> Callable[..., Source]:
    """Writes files by their names and returns the first as a source, or the folder of all."""

    def write(files: dict[str, str | bytes], *, folder: bool = False, split: str = "val", num_classes: int = 0) -> Source:
        root = tmp_path / "annotations"
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return Source("", split, root if folder else root / next(iter(files)), tmp_path / "videos", num_classes)

    return write


@pytest.fixture
def videos(tmp_path: Path) -> Callable[..., Path]:
    """Puts files into the videos folder."""

    def put(*names: str) -> Path:
        root = tmp_path / "videos"
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        return root

    return put
