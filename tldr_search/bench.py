"""Speed and memory of a schedule beside those of the unreduced model, in one run.

Weights and clips are random: neither changes what is computed. Models take turns, forwards and backwards, so that a machine which
slows down or speeds up does so for all of them; ratios are medians over the turns. On a GPU time is taken by CUDA events.
"""

from __future__ import annotations

import multiprocessing
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from tldr_search.backbones.architecture import Architecture, PlainArchitecture
from tldr_search.backbones.families import VideoSide, video_side
from tldr_search.names import near
from tldr_search.preflight import check_hardware
from tldr_search.reducers import NONE, Method
from tldr_search.schedule import Schedule

PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""As on the command line -> the type of autocast; None: there is none."""
UNREDUCED = "unreduced"
HUGGING_FACE = "Hugging Face, SDPA"
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Setting:
    """What is run, and how."""

    arch: Architecture
    """With random weights."""
    precision: str
    """One of `PRECISIONS`."""
    batch_size: int
    """Clips at a time."""

    @property
    def device(self) -> torch.device:
        """The GPU, if there is one."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def autocast(self) -> AbstractContextManager[object]:
        """The precision."""
        kind = PRECISIONS[self.precision]
        return nullcontext() if kind is None else torch.autocast(self.device.type, dtype=kind)

    def clips(self) -> Tensor:
        """[B, 3, T, H, W] noise."""
        side = self.arch.image_size
        generator = torch.Generator().manual_seed(0)
        return torch.randn(self.batch_size, 3, self.arch.frames, side, side, generator=generator).to(self.device)


def check_options(precision: str, batch_size: int, turns: int) -> None:
    """`ValueError` for what cannot be measured, or not here."""
    for name, value in (("batch-size", batch_size), ("turns", turns)):
        if value < 1:
            raise ValueError(f"--{name} {value}; a whole number from 1 would be accepted")
    if precision not in PRECISIONS:
        raise ValueError(f"--precision {precision!r}; {near(precision, PRECISIONS)}")
    check_hardware(precision)


class Timing(NamedTuple):
    """One model."""

    name: str
    """`UNREDUCED`, method and schedule, or `HUGGING_FACE`."""
    seconds: tuple[float, ...]
    """Of each turn, for one batch."""
    peak_mib: float | None
    """Largest memory during one batch, above what the weights and the clips take; None where the system does not tell, and for
    `HUGGING_FACE`."""


def compare(setting: Setting, method: Method, schedule: Schedule, turns: int, hugging_face: bool = False) -> list[Timing]:
    """The unreduced model, the reduced one unless `schedule` is empty, and Hugging Face's unreduced one if asked for.

    `ValueError` if there is no such model at Hugging Face, or its library is not installed.
    """
    return compare_all(setting, [(method, schedule)] if schedule else [], turns, hugging_face)


def compare_all(setting: Setting, reductions: Sequence[tuple[Method, Schedule]], turns: int, hugging_face: bool = False) -> list[Timing]:
    """The unreduced model and each of `reductions`, whose methods differ, all in the same turns; as `compare` otherwise."""
    ours = {UNREDUCED: (NONE, ())} | {method.spec: (method, schedule) for method, schedule in reductions}
    assert len(ours) == 1 + len(reductions), "one schedule for each method"
    model = _model(setting)  # one for all: weights are not changed
    runs = {name: _ours(model, *reduction) for name, reduction in ours.items()}
    if hugging_face:
        runs[HUGGING_FACE] = _theirs(setting)
    seconds = _take_turns(setting, runs, turns)
    peaks = {name: _peak(setting, *reduction) for name, reduction in ours.items()}
    return [Timing(name, tuple(seconds[name]), peaks.get(name)) for name in runs]


def speed_up(timing: Timing, baseline: Timing) -> float:
    """Median over the turns of how many times faster than `baseline` it is."""
    return statistics.median(b / t for b, t in zip(baseline.seconds, timing.seconds, strict=True))


def device_name(device: torch.device) -> str:
    """The name of the GPU; of a CPU, as far as the system tells, and its threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'' if threads == 1 else 's'}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor() or "CPU")


def _model(setting: Setting) -> VideoSide:
    return video_side(setting.arch).eval().to(setting.device)


def _ours(model: VideoSide, method: Method, schedule: Schedule) -> Callable[[Tensor], object]:
    return lambda video: model(video, method, schedule)


def _theirs(setting: Setting) -> Callable[[Tensor], object]:
    """Hugging Face's model of the same shape, with its fused attention."""
    arch = setting.arch
    if arch.family != "videomae" or not isinstance(arch, PlainArchitecture):
        raise ValueError(f"{arch.name} is not compared with Hugging Face's; a model of the videomae family would be accepted")
    try:
        transformers: Any = import_module("transformers")
    except ImportError:
        raise ValueError("Hugging Face's transformers is not installed; `pip install transformers` would be accepted") from None
    config = transformers.VideoMAEConfig(
        image_size=arch.image_size,
        patch_size=arch.patch_size,
        num_frames=arch.frames,
        tubelet_size=arch.tubelet,
        hidden_size=arch.dim,
        num_hidden_layers=arch.depth,
        num_attention_heads=arch.heads,
        intermediate_size=arch.mlp_ratio * arch.dim,
        num_labels=arch.num_classes,
        use_mean_pooling=True,
        attn_implementation="sdpa",
    )
    model = transformers.VideoMAEForVideoClassification(config).eval().to(setting.device)
    return lambda video: model(video.transpose(1, 2))


@torch.inference_mode()
def _take_turns(setting: Setting, runs: dict[str, Callable[[Tensor], object]], turns: int) -> dict[str, list[float]]:
    """Seconds of every turn; one more in front warms up and does not count."""
    video = setting.clips()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with setting.autocast():
        for turn in tqdm(range(turns + 1), desc="turns", unit="turn", leave=False):
            for name in list(runs) if turn % 2 else reversed(runs):
                with clock(setting.device) as elapsed:
                    runs[name](video)
                if turn:
                    seconds[name].append(elapsed())
    return seconds


@contextmanager
def clock(device: torch.device) -> Iterator[Callable[[], float]]:
    """Gives a function that tells, afterwards, the seconds spent inside."""
    if device.type == "cuda":
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        yield lambda: start.elapsed_time(end) / 1000
        end.record()
        torch.cuda.synchronize(device)
    else:
        times = [time.perf_counter()]
        yield lambda: times[1] - times[0]
        times.append(time.perf_counter())


def _peak(setting: Setting, method: Method, schedule: Schedule) -> float | None:
    """MiB of one batch above weights and clips; on a CPU in a process of its own, whose memory nothing else has stirred."""
    if setting.device.type == "cuda":
        return _peak_here(setting, method, schedule)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_here, (setting, method, schedule))


@torch.inference_mode()
def _peak_here(setting: Setting, method: Method, schedule: Schedule) -> float | None:
    run, video = _ours(_model(setting), method, schedule), setting.clips()
    if setting.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = float(torch.cuda.memory_allocated())
        with setting.autocast():
            run(video)
        return (torch.cuda.max_memory_allocated() - before) / MEBIBYTE
    try:
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the high-water mark starts again from here
        before = _resident("VmRSS")
        with setting.autocast():
            run(video)
        return _resident("VmHWM") - before
    except OSError:
        return None


def _resident(entry: str) -> float:
    """MiB of this process, from the kernel."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{entry}:"))
