"""UMT without fine-tuning at 4 frames (vid-TLDR Tables C to F), for three sizes of its pretraining data.

Of vid-TLDR it is only published that 300, 330 or 360 tokens leave in the first four layers; schedules here are the simplest ones
in steps of 10 that cost what is printed. ToMe: constant r, found by the printed cost; features are compared (see `umt`).
"""

from __future__ import annotations

from itertools import product

from tldr_search.published.row import Published, Status
from tldr_search.published.umt import CONSTANT, DEPTH, TOME
from tldr_search.schedule import Schedule, constant

FRAMES = 4
TABLES = {"msvd": "C", "msrvtt": "D", "didemo": "E", "activitynet": "F"}
"""Benchmark -> table."""
VARIANTS = ("5M", "17M", "")
"""Pretraining data; 25M are the usual weights."""
BASE = {"umt-b": "78.5", "umt-l": "267.8"}

VID_TLDR = {
    "umt-b": (("50.6", "50.2", "47.3", "49.0"), ("50.2", "50.6", "44.5", "45.0"), ("50.6", "44.7", "48.2", "51.0")),
    "umt-l": (("165.3", "164.8", "166.2", "162.0"), ("165.3", "163.0", "166.7", "151.7"), ("153.6", "146.5", "162.5", "152.7")),
}
"""Printed GFLOPs: model -> for each of `VARIANTS`, for each of `TABLES`."""

COSTS: dict[str, dict[str, Schedule]] = {
    "umt-b": {
        "50.6": (100, 100, 50, 50),
        "50.2": (100, 100, 100),
        "47.3": (300,),
        "49.0": (180, 60, 60),
        "44.5": (130, 130, 100),
        "45.0": (270, 60),
        "44.7": (120, 120, 120),
        "48.2": (210, 90),
        "51.0": (90, 90, 60, 60),
    },
    "umt-l": {
        "165.3": (100, 100, 100),
        "164.8": (120, 90, 90),
        "166.2": (120, 60, 60, 60),
        "162.0": (210, 90),
        "163.0": (180, 90, 30),
        "166.7": (90, 90, 60, 60),
        "151.7": (240, 90),
        "153.6": (150, 150, 30),
        "146.5": (120, 150, 0, 90),
        "162.5": (180, 120),
        "152.7": (180, 150),
    },
}
"""Model -> printed GFLOPs -> a schedule that costs as much; several do."""

TOME_R = {"66.2": 20, "62.8": 25, "182.1": 20, "160.9": 25}
"""Printed GFLOPs -> r in every layer."""


def _tome_printed(model: str, benchmark: str, variant: str) -> str:
    if model == "umt-l":
        return "160.9" if not variant and benchmark in ("msrvtt", "didemo") else "182.1"
    more = {"5M": (), "17M": ("msvd", "didemo", "activitynet"), "": ("didemo", "activitynet")}
    return "62.8" if benchmark in more[variant] else "66.2"


def _row(method: str, model: str, benchmark: str, variant: str, printed: str, schedule: Schedule, note: str) -> Published:
    status = Status.REPRODUCED if method == "none" else Status.INFERRED
    source = f"vid-TLDR Table {TABLES[benchmark]}"
    return Published(method, model, f"{benchmark}-zero-shot", printed, schedule, FRAMES, source, status, note, variant)


def _rows(model: str, variant: str) -> list[Published]:
    rows = []
    for printed, benchmark in zip(VID_TLDR[model][VARIANTS.index(variant)], TABLES, strict=True):
        tome = _tome_printed(model, benchmark, variant)
        note = CONSTANT + ("; Table B prints 182.1" if (model, benchmark, variant) == ("umt-l", "didemo", "") else "")
        rows += [
            _row("none", model, benchmark, variant, BASE[model], (), ""),
            _row(
                "vid-tldr", model, benchmark, variant, printed, COSTS[model][printed], "found by its cost; several schedules cost as much"
            ),
            _row(TOME, model, benchmark, variant, tome, constant(TOME_R[tome], DEPTH[model]), note),
        ]
    return rows


ROWS: tuple[Published, ...] = tuple(row for model, variant in product(BASE, VARIANTS) for row in _rows(model, variant))
