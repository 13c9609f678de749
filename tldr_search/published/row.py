"""What a row of the table of published schedules says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tldr_search.schedule import Schedule


class Status(StrEnum):
    """How the printed cost relates to the schedule."""

    REPRODUCED = "reproduced"
    """The schedule is published, and what we count is the printed cost, to all printed digits."""
    INFERRED = "inferred"
    """The schedule is not published; this one was found by its cost, which is the printed one. Others may cost the same."""
    CONVENTION = "other convention"
    """The schedule is published; the printed cost was counted in another way, which `note` tells."""
    NOT_REPRODUCED = "not reproduced"
    """The published schedule does not cost what is printed, or there is none that does (`schedule` is empty)."""


@dataclass(frozen=True)
class Published:
    """One cost that a paper prints, and the schedule behind it."""

    method: str
    """As `get_method` takes it."""
    model: str
    """Row of `ARCHITECTURES`."""
    benchmark: str
    """One of `BENCHMARKS`."""
    printed: str
    """GFLOPs per clip as printed, with all printed digits."""
    schedule: Schedule
    """r per layer (r per group and stage for STA); zeros may be missing at the end. Empty: nothing leaves, or see `NOT_REPRODUCED`."""
    frames: int
    """Frames per clip."""
    source: str
    """Paper and table."""
    status: Status = Status.REPRODUCED
    """How the printed cost relates to the schedule."""
    note: str = ""
    """What one should know of it."""
    variant: str = ""
    """Other weights than the usual ones: UMT pretrained on 5M or 17M clips and pictures (otherwise 25M), `ST-MAE` (Spatiotemporal MAE)."""
    tag: str = ""
    """What else tells its name from others."""
    overrides: tuple[tuple[str, bool], ...] = ()
    """Fields of the architecture that differ from the row of `ARCHITECTURES`, besides `frames`."""

    @property
    def name(self) -> str:
        """E.g. `vid-tldr-msrvtt-umt-b`."""
        return "-".join(filter(None, (self.method.replace(":", "-"), self.benchmark, self.model, self.variant.replace(" ", "-"), self.tag)))

    @property
    def gflops(self) -> float:
        """`printed` as a number."""
        return float(self.printed)

    @property
    def fields(self) -> dict[str, int]:
        """What `architecture(model, ...)` takes."""
        return {"frames": self.frames, **dict(self.overrides)}

    @property
    def countable(self) -> bool:
        """Whether there is something to count: a schedule, or the unreduced model."""
        return bool(self.schedule) or self.method == "none"

    def agrees(self, gflops: float) -> bool:
        """Whether `gflops` is the printed cost, to all printed digits."""
        decimals = len(self.printed.partition(".")[2])
        return f"{gflops:.{decimals}f}" == self.printed


BENCHMARKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("msrvtt", "msvd", "activitynet", "didemo", "lsmdc", "ssv2-label", "ssv2-template"), ("mean_r1", "t2v_r1")),
    **dict.fromkeys(("msrvtt-zero-shot", "msvd-zero-shot", "didemo-zero-shot", "activitynet-zero-shot"), ("mean_r1", "t2v_r1")),
    **dict.fromkeys(("msrvtt-qa", "msvd-qa"), ("accuracy",)),
    **dict.fromkeys(("k400", "ssv2", "ucf101"), ("top1",)),
    "ucf101-base-to-novel": ("hm",),
}
"""Benchmark -> the rates it is judged by, best known first."""
