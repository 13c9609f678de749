"""Where a report goes is looked at first; what is refused, stopped or finds no room leaves nothing."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tldr_search import report
from tldr_search.__main__ import main
from tldr_search.insight.record import FILE
from tldr_search.report.speed import SPEED
from tldr_search.study.result import Result, save

Build = Callable[..., Result]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def finished(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run, with nothing but its result."""
    run = tmp_path_factory.mktemp("finished") / "run"
    run.mkdir()
    save(build(("vid-tldr",)), run / "result.json")
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(finished, "run"))


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_contents", lambda *_: pytest.fail("it was drawn first"))


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("name", [FILE, SPEED])
def test_what_was_kept_and_is_damaged_is_told_before_anything_is_made(name: str, run: Path, tmp_path: Path, capsys: Captured) -> None:
    (run / name).write_text("damaged")
    before = sorted(tmp_path.rglob("*"))
    assert main(["report", "run", "--out", "new/deep"]) == 2
    assert f"run/{name} " in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("name", ["report.html", "front.csv", "pareto.svg", "figures/history.png", "tables/winners.md"])
def test_a_directory_in_the_place_of_a_file_is_told_first(name: str, run: Path, capsys: Captured) -> None:
    (run / name).mkdir(parents=True)
    assert main(["report", "run"]) == 2
    assert f"out: run/{name} is a directory in the place of a file; another directory would be accepted" in capsys.readouterr().err


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("name", ["figures", "tables"])
def test_a_file_in_the_place_of_a_folder_is_told_first(name: str, run: Path, capsys: Captured) -> None:
    (run / name).touch()
    assert main(["report", "run"]) == 2
    assert f"out: run/{name} is no directory" in capsys.readouterr().err


@pytest.mark.parametrize("error, status", [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device"), 1)], ids=["ctrl-c", "full"])
def test_what_stops_it_leaves_nothing(
    error: BaseException, status: int, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """While the last file is written, when all folders are there."""
    before, write_bytes = sorted(tmp_path.rglob("*")), Path.write_bytes

    def stopped(path: Path, content: bytes) -> int:
        if not path.name.startswith("report.html"):
            return write_bytes(path, content)
        write_bytes(path, content[:9])
        raise error

    monkeypatch.setattr(Path, "write_bytes", stopped)
    monkeypatch.setattr(report, "_contents", lambda *_: iter([("figures/a.png", b""), ("tables/b.md", ""), ("report.html", "the page")]))
    assert main(["report", "run", "--out", "a/b"]) == status
    if status == 1:
        assert capsys.readouterr().err == "tldr_search report: a/b/report.html could not be written: No space left on device\n"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_result_that_is_refused_is_refused_before_anything_else_is_told(build: Build, tmp_path: Path, capsys: Captured) -> None:
    result = build(("vid-tldr",))
    save(dataclasses.replace(result, winners=()), tmp_path / "result.json")
    (tmp_path / SPEED).write_text("damaged")
    assert main(["report", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "winner" in said
    assert said.count("\n") == 1
