"""Frames on disk: hits and misses, damage, the limit, directories that cannot be written."""

import errno
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tldr_search.data.cache import FrameCache, default_directory
from tldr_search.data.protocols import Cut

CUT = Cut("umt", 2, 16)
SIZE = 128 + 2 * 16 * 16 * 3


def frames(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, CUT.shape, dtype=np.uint8)


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.mp4" for i in range(8)]
    for path in paths:
        path.write_bytes(b"video")
    return paths


def entries(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def age(directory: Path, seconds: float) -> None:
    for path in entries(directory):
        status = path.stat()
        os.utime(path, (status.st_atime, status.st_mtime - seconds))


def kept(cache: FrameCache, videos: list[Path]) -> list[int]:
    return [i for i, path in enumerate(videos) if cache.get(path, CUT) is not None]


def test_what_was_put_is_got_by_any_run(tmp_path: Path, videos: list[Path]) -> None:
    cache = FrameCache(tmp_path / "cache", 10**6)
    assert cache.get(videos[0], CUT) is None
    assert cache.put(videos[0], CUT, frames())
    found = FrameCache(tmp_path / "cache", 10**6).get(videos[0], CUT)
    assert found is not None
    assert (found == frames()).all()
    (entry,) = entries(tmp_path / "cache")
    assert (np.load(entry) == frames()).all()
    assert entry.stat().st_size == SIZE


def test_another_cut_or_file_is_a_miss(tmp_path: Path, videos: list[Path]) -> None:
    cache = FrameCache(tmp_path / "cache", 10**6)
    cache.put(videos[0], CUT, frames())
    assert cache.get(videos[1], CUT) is None
    assert cache.get(videos[0], Cut("clip", 2, 16)) is None
    assert cache.get(videos[0], CUT._replace(trim_seconds=30.0)) is None
    videos[0].write_bytes(b"longer video")
    assert cache.get(videos[0], CUT) is None
    videos[0].unlink()
    assert cache.get(videos[0], CUT) is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"x" * SIZE, None], ids=["empty", "header", "garbage", "cut off"])
def test_a_damaged_entry_is_a_miss_and_removed(tmp_path: Path, videos: list[Path], content: bytes | None) -> None:
    cache = FrameCache(tmp_path / "cache", 10**6)
    cache.put(videos[0], CUT, frames())
    (entry,) = entries(tmp_path / "cache")
    entry.write_bytes(entry.read_bytes()[:-1] if content is None else content)
    assert cache.get(videos[0], CUT) is None
    assert not entry.exists()


def test_a_run_keeps_what_it_has_when_the_limit_is_reached(tmp_path: Path, videos: list[Path]) -> None:
    cache = FrameCache(tmp_path / "cache", 3 * SIZE)
    assert [cache.put(path, CUT, frames()) for path in videos] == [True] * 3 + [False] * 5
    assert kept(cache, videos) == [0, 1, 2]


def test_the_oldest_of_earlier_runs_go_first(tmp_path: Path, videos: list[Path]) -> None:
    directory = tmp_path / "cache"
    before = FrameCache(directory, 4 * SIZE)
    for path in videos[:4]:
        before.put(path, CUT, frames())
        age(directory, 100)
    now = pickle.loads(pickle.dumps(FrameCache(directory, 4 * SIZE)))  # as a worker gets it
    assert now.get(videos[0], CUT) is not None  # used by this run: stays
    assert now.put(videos[4], CUT, frames())
    assert kept(FrameCache(directory, 0), videos) == [0, 2, 3, 4]


def test_what_another_process_of_the_run_uses_stays(tmp_path: Path, videos: list[Path]) -> None:
    directory = tmp_path / "cache"
    FrameCache(directory, 2 * SIZE).put(videos[0], CUT, frames())
    FrameCache(directory, 2 * SIZE).put(videos[1], CUT, frames())
    age(directory, 100)
    one = FrameCache(directory, 2 * SIZE)
    two = pickle.loads(pickle.dumps(one))
    assert one.put(videos[2], CUT, frames())  # has looked through the directory now
    (left,) = {0, 1} & set(kept(two, videos))
    assert not one.put(videos[3], CUT, frames())
    assert set(kept(one, videos)) == {left, 2}


@pytest.mark.parametrize("writers", [1, 2, 8])
def test_several_writers_exceed_the_limit_by_a_twentieth_in_all_and_an_entry_each(writers: int, tmp_path: Path, videos: list[Path]) -> None:
    limit = 400 * SIZE
    caches = [pickle.loads(pickle.dumps(FrameCache(tmp_path / "cache", limit, writers))) for _ in range(writers)]
    for number in range(600):
        cut = CUT._replace(trim_seconds=float(number))
        caches[number % writers].put(videos[0], cut, frames())
    kept = sum(path.stat().st_size for path in entries(tmp_path / "cache"))
    assert limit - SIZE < kept <= limit + (writers > 1) * (limit // 20 + writers * SIZE)


def test_a_leftover_of_a_killed_process_counts_and_goes(tmp_path: Path, videos: list[Path]) -> None:
    directory = tmp_path / "cache"
    FrameCache(directory, SIZE).put(videos[0], CUT, frames())
    (entry,) = entries(directory)
    entry.rename(entry.with_suffix(".unfinished"))
    age(directory, 100)
    assert FrameCache(directory, SIZE).put(videos[1], CUT, frames())
    assert len(entries(directory)) == 1


def test_many_may_write_the_same_entry(tmp_path: Path, videos: list[Path]) -> None:
    caches = [FrameCache(tmp_path / "cache", 10**6) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda cache: all(cache.put(path, CUT, frames()) for path in videos), caches))
    assert kept(caches[0], videos) == list(range(8))
    assert len(entries(tmp_path / "cache")) == 8


def test_a_directory_that_cannot_be_written_is_told_once(tmp_path: Path, videos: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    cache = FrameCache(tmp_path / "file", 10**6)
    assert not any(cache.put(path, CUT, frames()) for path in videos)
    assert cache.get(videos[0], CUT) is None
    assert capsys.readouterr().err == f"tldr_search: no more decoded frames are kept in {tmp_path / 'file'}: Not a directory\n"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, videos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    cache = FrameCache(tmp_path / "cache", 10**6)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    assert not cache.put(videos[0], CUT, frames())
    assert cache.trouble == "No space left on device"
    assert not entries(tmp_path / "cache")


def test_default_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("TLDR_SEARCH_CACHE", raising=False)
    assert default_directory() == Path("/home/someone/.cache/tldr_search")
    monkeypatch.setenv("XDG_CACHE_HOME", "/scratch")
    assert default_directory() == Path("/scratch/tldr_search")
    monkeypatch.setenv("TLDR_SEARCH_CACHE", "~/frames")
    assert default_directory() == Path("/home/someone/frames")
