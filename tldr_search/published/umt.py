"""UMT with its fine-tuned weights at 12 frames: retrieval (vid-TLDR Table 2), question answering (Table 4), ablations.

vid-TLDR's schedules are those of the paper's Table A; where its repository's README gives another one, that is a row, too. ToMe
compares features here, unlike as released: only so a constant r gives the printed costs, which name no r.
"""

from __future__ import annotations

from functools import partial

from tldr_search.published.row import Published, Status
from tldr_search.schedule import Schedule, constant

FRAMES = 12
DEPTH = {"umt-b": 12, "umt-l": 24}
RETRIEVAL = ("msrvtt", "msvd", "activitynet", "didemo", "lsmdc", "ssv2-label", "ssv2-template")
QA = ("msrvtt-qa", "msvd-qa")
TOME = "tome:metric=features"
BY_COST = "found by its cost on a grid of 50; others may cost the same"
CONSTANT = "constant r, found by the printed cost"
NEAREST = "no constant r costs this much; nearest: "

_row = partial(Published, frames=FRAMES)


def _base() -> list[Published]:
    table = dict.fromkeys(RETRIEVAL, "2") | dict.fromkeys(QA, "4")
    return [
        _row("none", model, benchmark, printed, (), source=f"vid-TLDR Table {number}")
        for model, printed in (("umt-b", "303.3"), ("umt-l", "984.6"))
        for benchmark, number in table.items()
    ]


def _vid_tldr(model: str, benchmark: str, printed: str, schedule: Schedule, *, reproduced: bool = True) -> Published:
    """As in Table A."""
    status = Status.REPRODUCED if reproduced else Status.NOT_REPRODUCED
    source = f"vid-TLDR Tables A and {4 if benchmark in QA else 2}"
    return _row("vid-tldr", model, benchmark, printed, schedule, source=source, status=status)


def _readme(model: str, benchmark: str, printed: str, schedule: Schedule, *, reproduced: bool) -> Published:
    """As in the README, where Table A says otherwise."""
    status = Status.REPRODUCED if reproduced else Status.NOT_REPRODUCED
    return _row("vid-tldr", model, benchmark, printed, schedule, source="vid-TLDR README and Table 2", status=status, tag="readme")


def _inferred(model: str, benchmark: str, printed: str, schedule: Schedule) -> Published:
    """A candidate where neither Table A nor the README costs what is printed."""
    source = "vid-TLDR Table 2"
    return _row("vid-tldr", model, benchmark, printed, schedule, source=source, status=Status.INFERRED, note=BY_COST, tag="inferred")


def _tome(model: str, benchmark: str, printed: str, r: int) -> Published:
    schedule = constant(r, DEPTH[model])
    return _row(TOME, model, benchmark, printed, schedule, source="vid-TLDR Table 2", status=Status.INFERRED, note=CONSTANT)


def _unmatched(model: str, benchmark: str, printed: str, nearest: str) -> Published:
    note = NEAREST + nearest
    return _row(TOME, model, benchmark, printed, (), source="vid-TLDR Table 2", status=Status.NOT_REPRODUCED, note=note)


def _attentiveness(model: str, benchmark: str, printed: str, schedule: Schedule) -> Published:
    """Representation Shift prunes the same share in three layers, after the MLP; `attentiveness` here prunes before it."""
    source = f"Representation Shift Table {4 if benchmark in QA else 2}"
    note = f"{10 if benchmark in QA else 20} % leave each of the first three blocks, counted after the MLP"
    return _row("attentiveness", model, benchmark, printed, schedule, source=source, status=Status.CONVENTION, note=note)


def _table_1(layer: int, printed: str) -> Published:
    """400 tokens leave before block `layer`, counted from 1."""
    note = f"400 tokens leave before block {layer}; whichever rule chooses them, deciding counts nothing"
    schedule = (0,) * (layer - 1) + (400,)
    return Published(
        "saliency-pruning",
        "umt-b",
        "msrvtt",
        printed,
        schedule,
        FRAMES,
        "vid-TLDR Table 1",
        Status.CONVENTION,
        note,
        tag=f"layer-{layer}",
    )


ROWS: tuple[Published, ...] = (
    *_base(),
    _vid_tldr("umt-b", "msrvtt", "178.0", (600, 200, 100)),
    _vid_tldr("umt-b", "msvd", "182.2", (600, 200, 100, 100), reproduced=False),
    _readme("umt-b", "msvd", "182.2", (450, 250, 200), reproduced=False),
    _inferred("umt-b", "msvd", "182.2", (500, 200, 100, 100)),
    _vid_tldr("umt-b", "activitynet", "227.6", (500,)),
    _vid_tldr("umt-b", "didemo", "183.6", (500, 400), reproduced=False),
    _readme("umt-b", "didemo", "183.6", (250, 150, 150, 150), reproduced=False),
    _inferred("umt-b", "didemo", "183.6", (400, 300, 100, 100)),
    _vid_tldr("umt-b", "lsmdc", "206.2", (400, 150, 150)),
    _vid_tldr("umt-b", "ssv2-label", "212.9", (200, 200, 200, 100)),
    _vid_tldr("umt-b", "ssv2-template", "203.7", (400, 300)),
    _vid_tldr("umt-l", "msrvtt", "563.1", (550, 400), reproduced=False),
    _inferred("umt-l", "msrvtt", "563.1", (600, 300)),
    _vid_tldr("umt-l", "msvd", "563.1", (600, 200, 100, 100), reproduced=False),
    _inferred("umt-l", "msvd", "563.1", (600, 300)),
    _vid_tldr("umt-l", "activitynet", "572.9", (600, 300), reproduced=False),
    _inferred("umt-l", "activitynet", "572.9", (350, 350, 200)),
    _vid_tldr("umt-l", "didemo", "559.0", (800,), reproduced=False),
    _readme("umt-l", "didemo", "559.0", (800, 100), reproduced=True),
    _vid_tldr("umt-l", "lsmdc", "583.7", (250, 250, 200, 200)),
    _vid_tldr("umt-l", "ssv2-label", "610.9", (450, 250, 100)),
    _vid_tldr("umt-l", "ssv2-template", "572.9", (350, 300, 100, 50), reproduced=False),
    _inferred("umt-l", "ssv2-template", "572.9", (350, 350, 200)),
    *(_vid_tldr("umt-b", benchmark, "188.5", (600, 200)) for benchmark in QA),
    *(_vid_tldr("umt-l", benchmark, "569.8", (400, 400, 100)) for benchmark in QA),
    _unmatched("umt-b", "msrvtt", "231.4", "86 gives 231.3"),
    _tome("umt-b", "msvd", "218.7", 100),
    _tome("umt-b", "activitynet", "236.8", 80),
    _unmatched("umt-b", "didemo", "223.9", "94 gives 224.1"),
    _tome("umt-b", "lsmdc", "223.2", 95),
    _tome("umt-b", "ssv2-label", "232.2", 85),
    _tome("umt-b", "ssv2-template", "241.4", 75),
    _unmatched("umt-l", "msrvtt", "529.7", "84 gives 528.7"),
    *(_tome("umt-l", benchmark, "574.5", 75) for benchmark in ("msvd", "activitynet", "didemo", "lsmdc")),
    *(_tome("umt-l", benchmark, "627.2", 65) for benchmark in ("ssv2-label", "ssv2-template")),
    _row(
        "tome",
        "umt-b",
        "msrvtt",
        "176",
        (600, 200, 100),
        source="vid-TLDR on GitHub, thread 3",
        note="measured by a user: ToMe as released with vid-TLDR's schedule",
    ),
    *(_attentiveness("umt-b", benchmark, "156.4", (470, 376, 301)) for benchmark in RETRIEVAL),
    *(_attentiveness("umt-l", benchmark, "478.5", (470, 376, 301)) for benchmark in RETRIEVAL),
    *(_attentiveness("umt-b", benchmark, "217.7", (235, 211, 190)) for benchmark in QA),
    *(_attentiveness("umt-l", benchmark, "690.5", (235, 211, 190)) for benchmark in QA),
    *(_table_1(k, gflops) for k, gflops in enumerate(("237.6", "243.1", "248.6", "254.0", "259.5", "265.0", "270.5"), start=1)),
    _row(
        "saliency-pruning",
        "umt-b",
        "msrvtt",
        "175.9",
        (600, 200, 100),
        source="vid-TLDR Table 7",
    ),
    _row(
        "rollout",
        "umt-b",
        "msrvtt",
        "479.2",
        (600, 200, 100),
        source="vid-TLDR Table 7",
        status=Status.CONVENTION,
        note="printed: a whole unreduced pass and the reduced one; counted: of the former what the rollout needs, and its products",
    ),
)
