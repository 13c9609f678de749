"""Temporary directories of finished batches: none outlives its process for long."""

from __future__ import annotations

import fcntl
import tempfile
from pathlib import Path

import pytest
import torch

from tldr_search.tasks.store import LOCK, PREFIX, Scratch


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("killed", "alive", "begun"):
        (tmp_path / f"{PREFIX}{name}").mkdir()
    (tmp_path / f"{PREFIX}killed" / "000000.safetensors").touch()
    (tmp_path / f"{PREFIX}killed" / LOCK).touch()
    (tmp_path / "another's").mkdir()
    with (tmp_path / f"{PREFIX}alive" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        scratch = Scratch()
        assert names(tmp_path) == {f"{PREFIX}{name}" for name in ("killed", "alive", "begun")} | {"another's"}  # nothing before it is used
        scratch.of("a", for_good=False).put("clips", 0, {"x": torch.ones(2)})
        own = names(tmp_path) - {f"{PREFIX}alive", f"{PREFIX}begun", "another's"}
        assert len(own) == 1
        other = Scratch()
        assert other.of("a", for_good=False).batches("clips") == frozenset()
        assert own < names(tmp_path)  # this one's is not taken for a killed one's
        assert scratch.of("a", for_good=False).get("clips", 0, "x").tolist() == [1, 1]
        for each in (scratch, other):
            each.close()
        assert names(tmp_path) == {f"{PREFIX}alive", f"{PREFIX}begun", "another's"}


def test_of_those_that_pass_there_is_one_at_a_time() -> None:
    scratch = Scratch()
    scratch.of("base", for_good=True).put("clips", 0, {"x": torch.zeros(1)})
    scratch.of("a", for_good=False).put("clips", 1, {"x": torch.zeros(1)})
    assert scratch.of("a", for_good=False).batches("clips") == {1}
    assert scratch.of("b", for_good=False).batches("clips") == frozenset()
    assert scratch.of("a", for_good=False).batches("clips") == frozenset()
    assert scratch.of("base", for_good=True).batches("clips") == {0}
    scratch.close()
    assert scratch.of("base", for_good=True).batches("clips") == frozenset()
    scratch.close()
