"""Schedules from the papers, as a study's warm starts and as checks of the cost model. Never imports torch.

vid-TLDR: Table A of the paper; the costs printed beside them are those of Tables 2 and 4. ToMe: the constant r in every layer
whose cost is the printed one (Tables 2, B-F; VideoMAE Table 5); printed cells that no constant r gives are left out. STA: r
per group of its Table 2, whose printed costs leave out layer norms and STA's own decisions.
"""

from __future__ import annotations

from typing import NamedTuple

from tldr_search.schedule import Schedule, constant


class Published(NamedTuple):
    """One published schedule."""

    name: str
    """E.g. `vid-tldr-msrvtt-b`."""
    method: str
    """As `get_method` takes it."""
    model: str
    """Row of `ARCHITECTURES`."""
    frames: int
    """Frames per clip."""
    benchmark: str
    """Benchmark it was published for."""
    schedule: Schedule
    """r per layer (r per group and stage for STA); zeros may be missing at the end."""
    gflops: float
    """Printed beside it."""
    source: str
    """Paper and table."""
    reproduced: bool
    """Whether the printed cost is what fvcore counts for this schedule, to all printed digits (never for STA, see above)."""


def _vid_tldr(model: str, benchmark: str, schedule: Schedule, gflops: float, *, reproduced: bool = True, table: str = "2") -> Published:
    name = f"vid-tldr-{benchmark}-{model.removeprefix('umt-')}"
    return Published(name, "vid-tldr", model, 12, benchmark, schedule, gflops, f"vid-TLDR Tables A and {table}", reproduced)


def _tome(model: str, benchmark: str, r: int, gflops: float, *, frames: int = 12, table: str = "2") -> Published:
    name = f"tome-{benchmark}-{model.removeprefix('umt-')}"
    depth = 24 if model == "umt-l" else 12
    return Published(name, "tome:metric=features", model, frames, benchmark, constant(r, depth), gflops, f"vid-TLDR Table {table}", True)


def _sta(model: str, benchmark: str, r: int, gflops: float) -> Published:
    name = f"sta-{r}-{benchmark}-{model.removeprefix('videomae-')}"
    return Published(name, "sta", model, 16, benchmark, (r, r, r), gflops, "STA Table 2", False)


PUBLISHED: tuple[Published, ...] = (
    _vid_tldr("umt-b", "msrvtt", (600, 200, 100), 178.0),
    _vid_tldr("umt-b", "msvd", (600, 200, 100, 100), 182.2, reproduced=False),
    _vid_tldr("umt-b", "activitynet", (500,), 227.6),
    _vid_tldr("umt-b", "didemo", (500, 400), 183.6, reproduced=False),
    _vid_tldr("umt-b", "lsmdc", (400, 150, 150), 206.2),
    _vid_tldr("umt-b", "ssv2-label", (200, 200, 200, 100), 212.9),
    _vid_tldr("umt-b", "ssv2-template", (400, 300), 203.7),
    _vid_tldr("umt-b", "msrvtt-qa", (600, 200), 188.5, table="4"),
    _vid_tldr("umt-b", "msvd-qa", (600, 200), 188.5, table="4"),
    _vid_tldr("umt-l", "msrvtt", (550, 400), 563.1, reproduced=False),
    _vid_tldr("umt-l", "msvd", (600, 200, 100, 100), 563.1, reproduced=False),
    _vid_tldr("umt-l", "activitynet", (600, 300), 572.9, reproduced=False),
    _vid_tldr("umt-l", "didemo", (800,), 559.0, reproduced=False),
    _vid_tldr("umt-l", "lsmdc", (250, 250, 200, 200), 583.7),
    _vid_tldr("umt-l", "ssv2-label", (450, 250, 100), 610.9),
    _vid_tldr("umt-l", "ssv2-template", (350, 300, 100, 50), 572.9, reproduced=False),
    _vid_tldr("umt-l", "msrvtt-qa", (400, 400, 100), 569.8, table="4"),
    _vid_tldr("umt-l", "msvd-qa", (400, 400, 100), 569.8, table="4"),
    _tome("umt-b", "msvd", 100, 218.7),
    _tome("umt-b", "activitynet", 80, 236.8),
    _tome("umt-b", "lsmdc", 95, 223.2),
    _tome("umt-b", "ssv2-label", 85, 232.2),
    _tome("umt-b", "ssv2-template", 75, 241.4),
    *(_tome("umt-l", benchmark, 75, 574.5) for benchmark in ("msvd", "activitynet", "didemo", "lsmdc")),
    *(_tome("umt-l", benchmark, 65, 627.2) for benchmark in ("ssv2-label", "ssv2-template")),
    _tome("umt-b", "msrvtt-zero-shot", 20, 66.2, frames=4, table="D"),
    _tome("umt-b", "didemo-zero-shot", 25, 62.8, frames=4, table="E"),
    _tome("umt-l", "msvd-zero-shot", 20, 182.1, frames=4, table="C"),
    _tome("umt-l", "msrvtt-zero-shot", 25, 160.9, frames=4, table="D"),
    Published(
        "tome-ucf101-videomae-b",
        "tome:metric=features",
        "videomae-b",
        16,
        "ucf101",
        (200, 200, 200, 200, 200, 200, 184, 92, 46, 23, 11, 6),
        58.4,
        "vid-TLDR Table 5",
        True,
    ),
    *(_sta("videomae-s", benchmark, r, g) for benchmark in ("k400", "ssv2") for r, g in ((32, 42.0), (48, 35.0), (64, 29.0))),
    *(_sta("videomae-b", benchmark, r, g) for benchmark in ("k400", "ssv2") for r, g in ((32, 136.0), (48, 116.0), (64, 96.0))),
    *(_sta("videomae-l", "k400", r, g) for r, g in ((32, 446.0), (48, 376.0), (64, 308.0))),
    *(_sta("videomae-h", "k400", r, g) for r, g in ((32, 890.0), (48, 748.0), (64, 611.0))),
)
"""Table of published schedules, best-known first within a method and model."""
