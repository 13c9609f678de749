"""What the world does to a command: no room on a disk or in memory, a signal. One line, and nothing half-written."""

from __future__ import annotations

import errno
import json
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import torch

from tldr_search import listing
from tldr_search.__main__ import main
from tldr_search.data.benchmarks.demo import ROOT
from tldr_search.files import no_empty, write_all, write_whole
from tldr_search.mistakes import Failed
from tldr_search.preflight import made
from tldr_search.report import removed
from tldr_search.report.removed.album import Printed

CPU = "[enforce fail at alloc_cpu.cpp:128] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 2147483648 bytes."
FAILURES = {
    "full": (OSError(errno.ENOSPC, "No space left on device", "a/b.json"), "a/b.json could not be written: No space left on device"),
    "too large": (OSError(errno.EFBIG, "File too large"), "standard output, or a temporary file, could not be written: File too large"),
    "quota": (OSError(errno.EDQUOT, "Disk quota exceeded"), "could not be written: Disk quota exceeded"),
    "broken": (OSError(errno.EIO, "Input/output error", "a"), "a could not be written: Input/output error"),
    "memory": (MemoryError(), "tldr_search list: out of memory\n"),
    "CPU": (RuntimeError(CPU), "out of memory (it asked for 2.0 GiB)\n"),
    "GPU": (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0"), "out of memory (it asked for 20.00 GiB)\n"),
    "told": (Failed("not today"), "tldr_search list: not today\n"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_what_the_world_does_is_one_line_and_status_1(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error, says = FAILURES[what]

    def failing(what: str) -> None:
        raise error

    monkeypatch.setattr(listing, "list_", failing)
    assert main(["list", "models"]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), OSError("strange"), OSError(errno.EINVAL, "Invalid argument")], ids=repr)
def test_faults_are_still_faults(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(what: str) -> None:
        raise error

    monkeypatch.setattr(listing, "list_", failing)
    with pytest.raises(type(error)) as raised:
        main(["list", "models"])
    assert raised.value is error


def test_too_much_for_the_memory_is_told_with_what_needs_less(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "umt-mini", "--batch-size", "99999999"]) == 1
    said = capsys.readouterr().err
    gib = 99999999 * 3 * 8 * 96 * 96 * 4 / 2**30  # bytes of the clips alone
    amount = float(said.partition("it asked for ")[2].partition(" GiB")[0])
    assert amount >= gib / 2
    assert said.endswith(" GiB); a smaller --batch-size or --frames would need less\n")
    assert said.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_standard_output_is_told_once() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "tldr_search", "flops", "umt-b", "--json"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "tldr_search flops: standard output, or a temporary file, could not be written: No space left on device\n"


def test_asked_to_end_a_command_tidies_up_and_the_handler_of_before_is_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)

    def ended(what: str) -> None:
        with made(tmp_path / "a" / "b"):
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("it went on")

    monkeypatch.setattr(listing, "list_", ended)
    assert main(["list", "models"]) == 143
    assert signal.getsignal(signal.SIGTERM) is before
    assert not list(tmp_path.iterdir())


def test_only_what_was_made_and_holds_nothing_goes(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    def failing(directory: Path, leaves: str | None = None) -> None:
        with suppress(KeyboardInterrupt), made(directory) as there:
            assert there.is_dir()
            if leaves:
                (directory.parent / leaves).touch()
            raise KeyboardInterrupt

    failing(tmp_path / "there")
    failing(tmp_path / "there" / "a" / "b")
    failing(tmp_path / "new" / "a" / "b")
    assert [*tmp_path.rglob("*")] == [tmp_path / "there"]
    failing(tmp_path / "there" / "a" / "b", leaves="somebody's")
    assert sorted(p.name for p in (tmp_path / "there").rglob("*")) == ["a", "somebody's"]
    with made(tmp_path / "kept" / "a"):
        pass
    assert (tmp_path / "kept" / "a").is_dir()


def test_a_directory_that_the_work_removed_itself_does_not_keep_those_above(tmp_path: Path) -> None:
    inner = tmp_path / "runs" / "a"
    with suppress(RuntimeError), no_empty(inner):
        inner.mkdir(parents=True)
        inner.rmdir()
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_two_who_write_the_same_file_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write_bytes = tmp_path / "a", Path.write_bytes

    def meanwhile(partial: Path, content: bytes) -> int:
        """Another writes all of it between this one's write and its place."""
        count = write_bytes(partial, content)
        monkeypatch.setattr(Path, "write_bytes", write_bytes)
        write_whole(path, "other")
        return count

    monkeypatch.setattr(Path, "write_bytes", meanwhile)
    write_whole(path, "own")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "own"}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a full disk: a file that grows beyond `size` bytes is refused."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as raised, largest_file(2**16):
        write_all({tmp_path / "small": b"s", tmp_path / "large": bytes(2**17)})
    assert raised.value.filename == str(tmp_path / "large")
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_a_directory_is_told_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    with pytest.raises(OSError, match="Is a directory") as raised:
        write_whole(tmp_path / "page", "text")
    assert raised.value.filename == str(tmp_path / "page")
    assert [*tmp_path.iterdir()] == [tmp_path / "page"]


def test_pictures_without_room_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clip = min(ROOT.rglob("*.mp4"))
    monkeypatch.setattr(removed, "printed", lambda seen, layer: [Printed("tokens", {"png": bytes(2**25)})])
    words = ["visualize", "--video", str(clip), "--method", "tome", "--schedule", "20", "--out", str(tmp_path / "a" / "b")]
    with largest_file(2**24):
        assert main(words) == 1
    assert "tokens.png could not be written: File too large" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


REFUSED = [
    "evaluate --checkpoint /dev/null --out a/b/c",
    "evaluate --checkpoint damaged.pt --out a/b/c",
    "visualize --video damaged.mp4 --out a/b",
    "export --model umt-mini --checkpoint damaged.pt --out a/b/x.pt2",
    "ablate where --checkpoint damaged.pt --out a/b",
    "study --storage sqlite:////no/such/place/study.db",
    "study --storage damaged.log",
]


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_refused_leaves_nothing(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "damaged.mp4").write_bytes(b"no video" * 99)
    (tmp_path / "damaged.pt").write_bytes(b"no weights" * 99)
    (tmp_path / "damaged.log").write_text('{"op_code": 0}\nx\n{}\n')
    before = sorted(tmp_path.rglob("*"))
    assert main(command.split()) == 2
    assert len([line for line in capsys.readouterr().err.splitlines() if line.startswith("tldr_search ")]) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_cannot_be_is_refused_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code = """
import json, sys
from tldr_search.__main__ import main
statuses = [main([command, "--out", "file/a"]) for command in ("evaluate", "visualize", "study")]
print(json.dumps([statuses, sorted({"torch", "lightning", "matplotlib"} & {*sys.modules})]))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == [[2, 2, 2], []]
    assert len(ended.stderr.splitlines()) == 3
