"""A report is written when all of it is there: what fails leaves the earlier one as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search.report import drawings, write_report
from tldr_search.study.result import Result

Build = Callable[..., Result]


def contents(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def small(build: Build) -> Result:
    return build(("vid-tldr",))


@pytest.fixture(scope="module")
def earlier(small: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("earlier")
    write_report(small, directory)
    return directory


def test_a_failure_at_the_third_drawing_changes_nothing(small: Result, earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, drawn = contents(earlier), []
    rendered = drawings.rendered

    def failing(figure: object, name: str) -> dict[str, str | bytes]:
        drawn.append(name)
        if len(drawn) == 3:
            raise RuntimeError("cannot be drawn")
        return rendered(figure, name)  # type: ignore[arg-type]

    monkeypatch.setattr(drawings, "rendered", failing)
    with pytest.raises(RuntimeError, match="cannot be drawn"):
        write_report(dataclasses.replace(small, name="another"), earlier)
    assert len(drawn) == 3
    assert contents(earlier) == before


def test_a_full_disk_changes_nothing(small: Result, earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write_bytes = contents(earlier), Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith("history"):
            write_bytes(path, content[:10])
            raise OSError("no space")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_report(dataclasses.replace(small, name="another"), earlier)
    assert contents(earlier) == before


def test_pictures_of_earlier_versions_go(small: Result, earlier: Path) -> None:
    before = contents(earlier)
    (earlier / "schedules.png").write_text("old")
    (earlier / "mine.png").write_text("mine")
    paths = write_report(small, earlier)
    assert paths[0] == earlier / "report.html"
    assert contents(earlier) == {**before, "mine.png": b"mine"}  # the same bytes, too
