"""Written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tldr_search.files import write_all, write_whole


def test_text_and_bytes_as_they_are(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "ü\r\nb\n")
    write_whole(tmp_path / "b.png", b"\x89PNG\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xbc\r\nb\n"
    assert (tmp_path / "b.png").read_bytes() == b"\x89PNG\r\n"
    write_whole(tmp_path / "a.txt", "")
    assert (tmp_path / "a.txt").read_bytes() == b""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.png"]


def test_what_fails_on_the_way_leaves_the_old_files_and_nothing_else(tmp_path: Path) -> None:
    write_all({tmp_path / "a": "old a", tmp_path / "b": "old b"})
    with pytest.raises(FileNotFoundError):
        write_all({tmp_path / "a": "new a", tmp_path / "missing" / "c": "c", tmp_path / "b": "new b"})
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "old a", "b": "old b"}


def test_readers_never_see_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a", "old")
    seen: list[str] = []
    write_bytes = Path.write_bytes

    def halfway(path: Path, content: bytes) -> int:
        write_bytes(path, content[:1])
        seen.append((tmp_path / "a").read_text())
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", halfway)
    write_whole(tmp_path / "a", "new")
    assert (seen, (tmp_path / "a").read_text()) == (["old"], "new")
