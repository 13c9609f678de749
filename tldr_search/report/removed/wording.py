"""What the pictures of what was removed say in words: labels, captions, and texts for those who cannot see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tldr_search.insight.record import Removal
from tldr_search.report.removed.maps import Map, MapsPicture
from tldr_search.report.removed.shares import Line, SharesPicture
from tldr_search.report.removed.tokens import Row, TokensPicture
from tldr_search.report.words import method_name, schedule_text

MEASURED = {
    "saliency": "saliency: how sharp a {}’s own attention is (vid-TLDR, Eq. 5-9)",
    "attentiveness": "attentiveness: the attention that it receives (Eq. 3)",
    "rollout": "attention rollout: what of it reaches the last layer",
}


def clip_text(name: str) -> str:
    """A clip's name without its folders."""
    return Path(name).name


def abridged(schedule: Sequence[int], fits: Callable[[str], bool]) -> str:
    """As many of its first entries as fit; one at least. All of them are in the caption."""
    entries = schedule_text(schedule).split(",")
    cut = (",".join([*entries[:number], "…"]) for number in range(len(entries) - 1, 0, -1))
    return next((text for text in (",".join(entries), *cut) if fits(text)), f"{entries[0]},…")


def units(unit: str) -> str:
    """Of a number of tokens."""
    return "cells" if unit == "cell" else "tokens"


def tokens_text(row: Row, picture: TokensPicture) -> str:
    """`38 of 256 tokens`."""
    return f"{row.tokens_left} of {picture.num_patches} {units(picture.unit)}"


def mass_text(row: Row) -> str:
    """`55 % of the mass`."""
    return f"{100 * row.mass_left:.0f} % of the mass"


def faded(row: Row) -> bool:
    """Whether tokens have lost mass that was not pruned with its patches."""
    return row.mass_left + row.pruned < 1 - 1e-3


def map_name(values: Map) -> str:
    """`saliency, layer 1`."""
    return f"{values.measure}, layer {values.layer}" if values.layer else f"{values.measure}, all layers"


def map_unit(values: Map) -> str:
    """What the colours measure."""
    if values.measure == "saliency":
        return "0: background, 1: the sharpest attention"
    return f"multiples of an even share{', logarithmic' * values.scale.is_log}"


def tokens_caption(picture: TokensPicture, removal: Removal) -> str:
    """Under the picture."""
    left = "; ".join(f"{method_name(row.method)} {schedule_text(row.schedule)}: {tokens_text(row, picture)}" for row in picture.rows[1:])
    place = "cells" if picture.unit == "cell" else "patches"
    kinds = picture.rows[1:]
    parts = [f"What is left of {clip_text(picture.clip)} after the last layer of {removal.model}. {left}."] if left else []
    parts += [f"Schedules are in the counts of {removal.cost_model}, tokens in those of {removal.model}."] * (
        removal.model != removal.cost_model
    )
    parts += [
        f"{place.capitalize()} of one plain colour were merged, with others here or in other frames: it is the mean colour of their token. "
        "Lines run between tokens."
    ] * any(row.merged for row in kinds)
    parts += [f"Mass: what tokens stand for, 1 for each {picture.unit} of the clip; what is pruned or weighted down is lost."] * bool(left)
    parts += [f"The darker, the less mass a token has per {picture.unit}."] * any(map(faded, kinds))
    parts += [f"Hatched {place} were pruned."] * any(row.pruned for row in kinds)
    return " ".join([*parts, *_some(picture.shown, picture.num_positions)])


def tokens_alt(picture: TokensPicture) -> str:
    """Instead of the picture."""
    rows = "; ".join(
        f"{method_name(row.method)} leaves {tokens_text(row, picture)} and {mass_text(row)}, {100 * row.pruned:.0f} % pruned"
        for row in picture.rows[1:]
    )
    return f"{_frames(picture.shown, picture.num_positions)} of {clip_text(picture.clip)} and what is left of them: {rows or 'everything'}."


def maps_caption(picture: MapsPicture, removal: Removal) -> str:
    """Under the picture."""
    said = "; ".join(MEASURED[values.measure].format(picture.unit) for values in picture.maps)
    parts = [f"What the unreduced {removal.model} attends to in {clip_text(picture.clip)}, {picture.unit} by {picture.unit}: {said}."]
    if "rollout" not in removal.maps:
        parts.append("There is no rollout of attention within windows.")
    return " ".join([*parts, *_some(picture.shown, picture.num_positions)])


def maps_alt(picture: MapsPicture) -> str:
    """Instead of the picture."""
    place = "cells" if picture.unit == "cell" else "patches"
    parts = []
    for values in picture.maps:
        zero = f" is 0 for {100 * values.zero:.0f} % of the {place} and" if values.zero else ""
        parts.append(f"{map_name(values)}{zero} gives {100 * values.tenth:.0f} % of its sum to the largest tenth of the {place}")
    shown = _frames(picture.shown, picture.num_positions)
    return f"{shown} of {clip_text(picture.clip)} and maps of the same: {'; '.join(parts)}."


def shares_caption(picture: SharesPicture, removal: Removal) -> str:
    """Under the picture."""
    clips = f"{picture.num_clips} clips, mean and range" if picture.num_clips > 1 else "one clip"
    parts = [
        f"The share of each frame ({clips}): in what the unreduced {removal.model} attends to, saliency and attentiveness at layer "
        f"{picture.layer}, and in the mass of what every method leaves. A line that leaves the even share of {picture.even:.3g} % leans to "
        "some frames, whatever they show."
    ]
    parts += ["Every frame is encoded by itself here, so that none can have more attentiveness or rollout than another."] * removal.apart
    parts += [f"Of {len(removal.excluded)} clips nothing is shown, because they could not be read."] * bool(removal.excluded)
    return " ".join(parts)


def shares_alt(picture: SharesPicture) -> str:
    """Instead of the picture."""
    lines = "; ".join(_line_text(line) for line in (*picture.measures, *picture.methods))
    return f"Share of each frame, mean over {picture.num_clips} clips, even would be {picture.even:.3g} %: {lines}."


def _line_text(line: Line) -> str:
    return f"{method_name(line.name)} {min(line.mean):.3g} to {max(line.mean):.3g} %"


def _frames(shown: tuple[int, ...], count: int) -> str:
    return f"{len(shown)} frames" if len(shown) == count else f"{len(shown)} of {count} frames"


def _some(shown: tuple[int, ...], count: int) -> list[str]:
    """How frames were chosen, if they were."""
    return [f"{len(shown)} of {count} frames, evenly chosen."] * (len(shown) < count)
