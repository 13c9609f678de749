"""Recognition: VideoMAE, Spatiotemporal MAE, ViFi-CLIP and Video Swin (vid-TLDR Tables 5 and 6, ToMe Table 5, STA Tables 2 and 3)."""

from __future__ import annotations

from functools import partial

from tldr_search.published.row import Published, Status
from tldr_search.published.umt import BY_COST, TOME
from tldr_search.schedule import Schedule, constant, decreasing

STA_NOTE = "printed without layer norms and STA's own decisions"
SWIN_NOTE = "r1 = {} as printed; how it is spent is ours: of the same places in every stage, in 16, 8 and 4 groups"
STA_VITS = {
    "videomae-s": (("57", "42", "35", "29"), ("k400", "ssv2")),
    "videomae-b": (("180", "136", "116", "96"), ("k400", "ssv2")),
    "videomae-l": (("597", "446", "376", "308"), ("k400",)),
    "videomae-h": (("1192", "890", "748", "611"), ("k400",)),
}
"""Model -> (GFLOPs printed for r = 0, 32, 48, 64; benchmarks), from STA's Table 2."""
STA_OFF = {("videomae-b", 64), ("videomae-l", 32), ("videomae-l", 64), ("videomae-h", 32)}
"""(Model, r) where what is left out shows in the printed digits."""
STA_COUNTED = {
    "videomae-s": ("49.1", "23.1", "18.0"),
    "videomae-b": ("157.9", "78.3", "61.2"),
    "videomae-l": ("520.4", "244.6", "183.6"),
    "videomae-h": ("1038.5", "480.1", "354.3"),
}
"""Model -> what fvcore counts for the released code at r = 16, 80, 96, for which the paper prints nothing."""
STA_SWINS = {
    "swin-t": (("88", "68", "61", "54"), "k400"),
    "swin-s": (("166", "121", "106", "91"), "k400"),
    "swin-b": (("282", "202", "176", "149"), "k400"),
    "swin-b-w16": (("321", "241", "215", "188"), "ssv2"),
}
"""Model -> (GFLOPs printed for r1 = 0, 192, 256, 320; benchmark), from STA's Table 3."""
SWIN_GROUPS = 16


def _sta(model: str, benchmark: str, r: int, printed: str) -> Published:
    source = "STA Table 2"
    if r == 0:
        return Published("none", model, benchmark, printed, (), 16, source, tag="sta")
    status = Status.CONVENTION if (model, r) in STA_OFF else Status.REPRODUCED
    return Published("sta", model, benchmark, printed, constant(r, 3), 16, source, status, STA_NOTE, tag=f"r{r}")


def _sta_counted(model: str, r: int, counted: str) -> Published:
    source = "STA, released code"
    return Published("sta", model, "k400", counted, constant(r, 3), 16, source, note="counted by fvcore on the released code", tag=f"r{r}")


def _sta_swin(model: str, benchmark: str, r1: int, printed: str) -> Published:
    source = "STA Table 3"
    if r1 == 0:
        return Published("none", model, benchmark, printed, (), 32, source, tag="sta")
    schedule = constant(r1 // SWIN_GROUPS, 3)
    return Published("sta", model, benchmark, printed, schedule, 32, source, Status.INFERRED, SWIN_NOTE.format(r1), tag=f"r{r1}")


_vid_tldr_table_5 = partial(Published, model="videomae-b", frames=16, source="vid-TLDR Table 5")
R_200: Schedule = (200, 200, 200, 200, 200, 200, 184, 92, 46, 23, 11, 6)
"""r = 200 of 1568 tokens, or half of what arrives where that is less."""
R_65: Schedule = (*constant(65, 23), 36)
"""r = 65 of 1568 tokens and a class token, or half of what arrives where that is less."""


def _videomae() -> list[Published]:
    tome_note = "constant r = 200, found by the printed cost"
    rows = []
    for benchmark, printed, schedule in (("ucf101", "56.1", (650, 200, 150, 150)), ("ssv2", "56.6", (450, 250, 250, 250))):
        table = partial(_vid_tldr_table_5, benchmark=benchmark)
        rows += [
            table(method="none", printed="180.5", schedule=()),
            table(method=TOME, printed="58.4", schedule=R_200, status=Status.INFERRED, note=tome_note),
            table(method="vid-tldr", printed=printed, schedule=schedule, status=Status.INFERRED, note=BY_COST),
        ]
    return rows


def _spatiotemporal_mae(method: str, printed: str, schedule: Schedule, tag: str, note: str = "views 1 x 10") -> Published:
    """ViT-L with a class token and key biases; the rest is VideoMAE-L's shape."""
    overrides = (("class_token", True), ("key_bias", True))
    variant = "ST-MAE"
    return Published(
        method, "videomae-l", "k400", printed, schedule, 16, "ToMe Table 5", note=note, variant=variant, tag=tag, overrides=overrides
    )


_vid_tldr_table_6 = partial(Published, model="vifi-clip-b16", benchmark="ucf101-base-to-novel", frames=32, source="vid-TLDR Table 6")

ROWS: tuple[Published, ...] = (
    *_videomae(),
    _spatiotemporal_mae("none", "598", (), ""),
    _spatiotemporal_mae("tome", "281", R_65, "r65"),
    _spatiotemporal_mae("tome", "325", constant(55, 24), "r55", note="views 1 x 4"),
    _spatiotemporal_mae("tome", "184", decreasing(65, 24), "r65-decreasing"),
    *(
        _sta(model, benchmark, r, printed)
        for model, (costs, benchmarks) in STA_VITS.items()
        for benchmark in benchmarks
        for r, printed in zip((0, 32, 48, 64), costs, strict=True)
    ),
    *(_sta_counted(model, r, counted) for model, costs in STA_COUNTED.items() for r, counted in zip((16, 80, 96), costs, strict=True)),
    *(
        _sta_swin(model, benchmark, r1, printed)
        for model, (costs, benchmark) in STA_SWINS.items()
        for r1, printed in zip((0, 192, 256, 320), costs, strict=True)
    ),
    _vid_tldr_table_6(method="none", printed="563", schedule=()),
    _vid_tldr_table_6(method="vid-tldr", printed="279", schedule=(50, 30, 20, 10), status=Status.INFERRED, note="r per frame; " + BY_COST),
    _vid_tldr_table_6(
        method=TOME, printed="279", schedule=(), status=Status.NOT_REPRODUCED, note="no constant r costs this much; nearest: 16 gives 282.1"
    ),
)
