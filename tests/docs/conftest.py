"""A reader's place: a directory with the repository's configs and studies, official files as stand-ins, few clips in the demo."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from session import Reader


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """One for all pages: they share the runs of the commands that they have in common."""
    with pytest.MonkeyPatch.context() as patch:
        yield Reader(tmp_path_factory.mktemp("reader"), patch)
