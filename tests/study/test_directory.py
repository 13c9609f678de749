"""What a run was made with: as it was written, or one line about what is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tldr_search.study import directory

DAMAGED = ["", "[1, 2]", "text", "a: [", "a: b: c", "1: 2", "{", "\0", "- a", "a: 2020-99-99", "[" * 20_000]


def run_of(path: Path) -> Path:
    directory.keep_settings(path, {"name": "ü", "trials": 8, "out": "elsewhere"}, {"weights": "abc"})
    (path / directory.RESULT).touch()
    return path


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert directory.made_with(run) == {"name": "ü", "trials": 8, "weights": "abc"}
    directory.check_settings(run, {"name": "ü", "trials": 8, "out": "here"}, {"weights": "abc"})
    with pytest.raises(ValueError, match="trials: 8 then, 9 now"):
        directory.check_settings(run, {"name": "ü", "trials": 9}, {"weights": "abc"})
    assert {p.name for p in run.iterdir()} == {directory.SETTINGS, directory.IDENTITY, directory.RESULT}


def test_without_an_identity(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    (run / directory.IDENTITY).unlink()
    assert directory.made_with(run) == {"name": "ü", "trials": 8}


@pytest.mark.parametrize("name", [directory.SETTINGS, directory.IDENTITY])
@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: repr(text[:9]))
def test_damage_is_one_line(tmp_path: Path, name: str, text: str) -> None:
    run = run_of(tmp_path)
    (run / name).write_text(text)
    for read in (lambda: directory.made_with(run), lambda: directory.check_settings(run, {"name": "ü"}, {})):
        with pytest.raises(ValueError, match=f"{name} holds no settings, or damaged ones") as told:
            read()
        assert "\n" not in str(told.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    (run / directory.SETTINGS).write_bytes(b"name: \xff\xfe")
    with pytest.raises(ValueError, match="damaged ones"):
        directory.made_with(run)
