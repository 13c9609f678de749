"""A directory in which nothing was measured goes again, unless something was there before or somebody else works in it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tldr_search.lock import locked
from tldr_search.mistakes import Failed
from tldr_search.study import directory
from tldr_search.study.storage import JOURNAL
from tldr_search.study.workers import Workers


def refused(run: Path, *, measured: bool = False) -> None:
    with suppress(RuntimeError), locked(run), directory.tidied(run, JOURNAL):
        directory.keep_settings(run, {"name": "a"}, {"weights": "b"})
        (run / JOURNAL).write_text('{"user_attr": {"part 0.25": 1}}' if measured else "{}")
        raise RuntimeError


def test_what_measured_nothing_goes_with_those_above(tmp_path: Path) -> None:
    refused(tmp_path / "runs" / "a")
    assert not list(tmp_path.iterdir())
    refused(tmp_path / "runs" / "a", measured=True)
    assert (tmp_path / "runs" / "a" / JOURNAL).exists()


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / directory.SETTINGS).write_text("name: mine\n")
    refused(tmp_path)
    assert (tmp_path / directory.SETTINGS).exists()


def test_the_directory_of_another_process_is_left_alone(tmp_path: Path) -> None:
    with locked(tmp_path / "run"):
        directory.keep_settings(tmp_path / "run", {}, {})
        with pytest.raises(ValueError, match="another process is working on"):
            refused(tmp_path / "run")
        assert {p.name for p in (tmp_path / "run").iterdir()} == {"lock", directory.SETTINGS, directory.IDENTITY}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_what_the_world_did_to_the_workers_is_told_as_such() -> None:
    crew = Workers(1, Path.write_text, (Path("/dev/full"), "text"), print)
    for process in crew._processes:
        process.join()
    with pytest.raises(Failed, match="could not be written: No space left on device"):
        crew.check()
