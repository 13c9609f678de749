"""Files of every kind, whole and damaged: the right frames or a reason. Each frame has its number written into it."""

import multiprocessing
import os
import re
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tldr_search.data.benchmarks.demo import ROOT as DEMO
from tldr_search.data.cache import FrameCache
from tldr_search.data.decoding import BadVideo, BadVideoError, Decoder, decode
from tldr_search.data.protocols import Cut
from tldr_search.data.sampling import middle

WIDTH, HEIGHT, LENGTH, BITS = 128, 96, 60, 8
CUT = Cut("umt", 8, 64)


def picture(number: int, width: int, height: int) -> np.ndarray:
    """[H, W, 3]: the bits of its number are the columns of its upper half; red at the lower left; something moves."""
    rows, columns = np.mgrid[:height, :width]
    frame = np.stack([(columns * 2 + number * 3) % 64, (rows * 2 + number * 5) % 64, (columns + rows) % 64], -1).astype(np.uint8) + 96
    for bit in range(BITS):
        frame[: height // 2, bit * width // BITS : (bit + 1) * width // BITS] = 235 if number >> bit & 1 else 20
    frame[height // 2 :, : width // 4] = (200, 40, 40)
    return frame


def numbers(clip: np.ndarray) -> list[int]:
    """What is written in the frames of a clip [T, S, S, 3]."""
    bits = clip[:, clip.shape[1] // 4, :, 1].reshape(len(clip), BITS, -1).mean(-1) > 128
    return [int(sum(1 << bit for bit in range(BITS) if row[bit])) for row in bits]


class Maker:
    """Writes files into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def video(self, name: str, codec: str = "libx264", length: int = LENGTH, size: tuple[int, int] = (WIDTH, HEIGHT), b_frames: int = 0,
              times: Callable[[int], int] = int, pixels: str = "yuv420p", **options: str) -> Path:  # fmt: skip
        path = self.folder / name
        container = {"movflags": options.pop("movflags")} if "movflags" in options else {}
        with av.open(str(path), "w", options=container) as output:
            stream = output.add_stream(codec, rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = *size, pixels
            stream.gop_size = 12
            stream.max_b_frames = b_frames
            stream.codec_context.time_base = Fraction(1, 25)
            for number in range(length):
                frame = av.VideoFrame.from_ndarray(picture(number, *size), format="rgb24")
                frame.pts, frame.time_base = times(number), Fraction(1, 25)
                output.mux(stream.encode(frame))
            output.mux(stream.encode())
        return path

    def sound(self, name: str) -> Path:
        path = self.folder / name
        with av.open(str(path), "w") as output:
            stream = output.add_stream("aac", rate=16000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 16000
            output.mux(stream.encode(frame))
            output.mux(stream.encode())
        return path

    def slow(self, name: str) -> Path:
        """Takes minutes to decode: the same large picture again and again."""
        path = self.folder / name
        with av.open(str(path), "w") as output:
            stream = output.add_stream("mjpeg", rate=25)
            stream.width, stream.height, stream.pix_fmt = 4096, 4096, "yuvj420p"
            (packet,) = stream.encode(av.VideoFrame.from_ndarray(np.zeros((4096, 4096, 3), np.uint8), format="rgb24"))
            for number in range(1000):
                packet.pts = packet.dts = number
                output.mux(packet)
        return path

    def bytes(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def cut_off(self, name: str, whole: Path, share: float) -> Path:
        content = whole.read_bytes()
        return self.bytes(name, content[: int(len(content) * share)])

    def damaged(self, name: str, whole: Path, place: float) -> Path:
        content = bytearray(whole.read_bytes())
        start = int(len(content) * place)
        content[start : start + 64] = np.random.default_rng(0).bytes(64)
        return self.bytes(name, bytes(content))

    def turned(self, name: str, whole: Path, matrix: Sequence[int]) -> Path:
        """With another display matrix (a, b, c, d) in the header of its track."""
        content = bytearray(whole.read_bytes())
        a, b, c, d = (value << 16 for value in matrix)
        struct.pack_into(">9i", content, content.find(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)
        return self.bytes(name, bytes(content))


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def good(make: Maker) -> Path:
    return make.video("good.mp4")


@pytest.fixture(scope="module")
def slow(make: Maker) -> Path:
    return make.slow("slow.avi")


KINDS = {
    "b-frames.mp4": {"b_frames": 3},
    "open-gop.mp4": {"b_frames": 3, "x264-params": "open-gop=1:keyint=10:min-keyint=10"},
    "fragments.mp4": {"movflags": "frag_keyframe+empty_moov"},
    "b-frames.avi": {"codec": "mpeg4", "b_frames": 2},
    "h264.avi": {"b_frames": 2},
    "mpeg4.mp4": {"codec": "mpeg4", "b_frames": 2},
    "hevc.mp4": {"codec": "libx265", "x265-params": "log-level=none"},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "wmv.wmv": {"codec": "wmv2"},
    "mpeg2.mpg": {"codec": "mpeg2video", "b_frames": 2},
    "variable-rate.mp4": {"b_frames": 2, "times": lambda number: number * number // 4 + number},
    "late-start.mkv": {"times": lambda number: number + 50},
    "one-frame.mp4": {"length": 1},
    "one-frame.avi": {"length": 1, "codec": "mpeg4"},
}


@pytest.mark.parametrize("name", KINDS)
def test_the_right_frames(make: Maker, name: str) -> None:
    """`decord.VideoReader.get_batch` gives others for seven of these."""
    views = decode(make.video(name, **KINDS[name]), CUT)
    assert views.shape == CUT.shape
    assert numbers(views[0]) == middle(8, KINDS[name].get("length", LENGTH))[0]


@pytest.mark.parametrize("width", [48, 72, 96, 130])
@pytest.mark.parametrize("codec,pixels", [("mpeg4", "yuv420p"), ("png", "rgb24")])
def test_any_width(make: Maker, width: int, codec: str, pixels: str) -> None:
    """Rows that are padded to a multiple of the width, which depends on the processor, are no channels."""
    path = make.video(f"{width}-{codec}.avi", codec, 2, (width, width), pixels=pixels)
    with av.open(str(path)) as container:
        theirs = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(decode(path, Cut("umt", 1, width))[0, 0].astype(int) - theirs).mean() < 2


@pytest.mark.parametrize("matrix,turns", [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)], ids=["90", "180", "270"])
def test_a_turned_video_is_upright(make: Maker, good: Path, matrix: Sequence[int], turns: int) -> None:
    found = decode(make.turned(f"turned{turns}.mp4", good, matrix), Cut("clip", 1, 64))[0, 0]
    expected = np.rot90(decode(good, Cut("clip", 1, 64))[0, 0], turns)
    assert np.abs(found.astype(int) - expected).mean() < 15  # 50 the other way round


def test_views_are_clip_by_clip_then_crop_by_crop(make: Maker) -> None:
    path = make.video("long.mp4", length=200)
    with av.open(str(path)) as container:
        theirs = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    views = decode(path, Cut("swin-k400", 16, HEIGHT))
    expected = [[theirs[start + 2 * j][:, left : left + HEIGHT] for j in range(16)] for start in (21, 63, 105, 147) for left in (0, 32, 16)]
    assert np.abs(views.astype(int) - np.array(expected)).mean(axis=(1, 2, 3, 4)).max() < 2


def test_only_the_start_is_seen_of_what_is_trimmed(good: Path) -> None:
    assert numbers(decode(good, CUT._replace(trim_seconds=1.0))[0]) == middle(8, 25)[0]
    assert numbers(decode(good, CUT._replace(trim_seconds=30.0))[0]) == middle(8, LENGTH)[0]


BAD = {
    "av1.mp4": (lambda make: make.video("av1.mp4", "libsvtav1", 10, **{"svtav1-params": "preset=12"}), "a codec that decord does not know"),
    "sound.mp4": (lambda make: make.sound("sound.mp4"), "holds no video stream"),
    "empty.mp4": (lambda make: make.bytes("empty.mp4", b""), "is empty"),
    "text.mp4": (lambda make: make.bytes("text.mp4", b"no video at all" * 100), "is no video"),
    "missing.mp4": (lambda make: make.folder / "missing.mp4", "no such file"),
    "folder": (lambda make: make.folder, "is a directory"),
    "null": (lambda make: Path("/dev/null"), "is no regular file"),
    "bytes": (lambda make: make.bytes(os.fsdecode(b"\xff.mp4"), b"x"), "surrogates not allowed"),
    "gif": (lambda make: make.video("gif.gif", "gif", 4, pixels="rgb8"), "has no length"),
    "ts": (lambda make: make.video("ts.ts", b_frames=2), "lacks frames"),
    "end-cut.mp4": (lambda make: make.cut_off("end-cut.mp4", make.video("a.mp4"), 0.6), "cut off"),
    "front-cut.mp4": (lambda make: make.cut_off("front-cut.mp4", make.video("b.mp4", movflags="faststart"), 0.6), "cut off"),
    "cut.mkv": (lambda make: make.cut_off("cut.mkv", make.video("c.mkv"), 0.6), "cut off"),
    "cut.avi": (lambda make: make.cut_off("cut.avi", make.video("d.avi", "mpeg4"), 0.6), "cut off"),
    "damaged.mp4": (lambda make: make.damaged("damaged.mp4", make.video("e.mp4"), 0.4), "damaged"),
    "damaged.avi": (lambda make: make.damaged("damaged.avi", make.video("f.avi", "mpeg4"), 0.7), "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_video_has_a_reason(make: Maker, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = BAD[name][0](make)
    capfd.readouterr()
    with pytest.raises(BadVideoError, match=BAD[name][1]) as caught:
        decode(path, CUT)
    assert str(path) not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert capfd.readouterr().err == ""  # ffmpeg's chatter


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(make: Maker) -> None:
    path = make.bytes("secret.mp4", b"x")
    path.chmod(0)
    with pytest.raises(BadVideoError, match="permission denied"):
        decode(path, CUT)


def test_the_pool_gives_everything_in_order(make: Maker, good: Path) -> None:
    demo = sorted((DEMO / "search").glob("*.mp4"))[:10]
    missing, damaged = make.folder / "nowhere.mp4", make.damaged("damaged2.mp4", good, 0.4)
    paths = [*demo[:5], missing, damaged, *demo[5:]]
    with Decoder(2, 60) as decoder:
        found = list(decoder.read(paths, CUT))
    assert found[5] == BadVideo(missing, "no such file")
    assert isinstance(found[6], BadVideo)
    assert found[6].path == damaged
    for path, views in zip(demo, found[:5] + found[7:], strict=True):
        assert (views == decode(path, CUT)).all()


def test_no_worker_is_started_for_what_is_cached_or_missing(make: Maker, good: Path, tmp_path: Path) -> None:
    with Decoder(1, 60, FrameCache(tmp_path, 10**8)) as decoder:
        (first,) = decoder.read([good], CUT)
    with Decoder(1, 60, FrameCache(tmp_path, 10**8)) as decoder:
        second, missing = decoder.read([good, make.folder / "nowhere.mp4"], CUT)
        assert not multiprocessing.active_children()
    assert (first == second).all()
    assert isinstance(missing, BadVideo)


def test_decoding_runs_ahead_but_not_far(good: Path) -> None:
    asked: list[int] = []

    class Paths(list[Path]):
        def __iter__(self) -> Iterator[Path]:
            for number in range(100):
                asked.append(number)
                yield good

    with Decoder(1, 60) as decoder:
        next(decoder.read(Paths(), CUT))
        assert 1 < len(asked) < 10
        asked.clear()
        next(decoder.read(Paths(), Cut("videomae-dense", 16, 500)))  # 180 MB each
        assert 1 < len(asked) < 4


def test_a_bad_video_is_not_cached(make: Maker, good: Path, tmp_path: Path) -> None:
    path = make.cut_off("repaired.mp4", good, 0.5)
    with Decoder(1, 60, FrameCache(tmp_path / "cache", 10**8)) as decoder:
        (bad,) = decoder.read([path], CUT)
        assert isinstance(bad, BadVideo)
        assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_told_once(good: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with Decoder(2, 60, FrameCache(tmp_path / "file", 10**8)) as decoder:
        found = list(decoder.read([good] * 6, CUT))
    assert all((views == found[0]).all() for views in found)
    assert re.fullmatch(r"tldr_search: no more decoded frames are kept in \S+: Not a directory\n", capfd.readouterr().err)


def test_a_video_that_hangs_is_left_at_the_deadline(good: Path, slow: Path) -> None:
    with Decoder(1, 10) as decoder:
        before, bad, after = decoder.read([good, slow, good], CUT)
    assert bad == BadVideo(slow, "took longer than 10 s")
    assert (before == after).all()


def _holds_open(pid: int, file: Path) -> bool:
    """A process of Linux, while its files come and go."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if link.readlink() == file:
                return True
    return False


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a process has open is read from Linux's /proc")
def test_a_decoder_that_dies_takes_one_video_with_it(good: Path, slow: Path) -> None:
    def shoot() -> None:
        (worker,) = multiprocessing.active_children()
        deadline = time.monotonic() + 60
        while not _holds_open(worker.pid, slow):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(worker.pid, signal.SIGSEGV)

    with Decoder(1, 600) as decoder, ThreadPoolExecutor(1) as thread:
        list(decoder.read([good], CUT))
        shot = thread.submit(shoot)
        bad, after = decoder.read([slow, good], CUT)
        shot.result()
    assert bad == BadVideo(slow, "the decoder died (signal 11: Segmentation fault)")
    assert numbers(after[0]) == middle(8, LENGTH)[0]


def test_leaving_in_the_middle_ends_the_workers(good: Path, slow: Path) -> None:
    with Decoder(1, 60) as decoder:
        for _ in decoder.read([good, slow, slow, slow, slow, slow], CUT):
            break
    assert not multiprocessing.active_children()
