"""What a comparison says of itself, in every form that it takes."""

from __future__ import annotations

from tldr_search.report.several.comparison import Comparison
from tldr_search.report.words import SAME_SPLIT

NAMED = 3
"""Runs that are named in a sentence before the others are only counted."""
OVER_SAMPLES = "95 % intervals over videos"


def warning(comparison: Comparison) -> str:
    """Which runs searched what they report."""
    same = comparison.same_split
    if not same:
        return ""
    names = ", ".join(same[:NAMED]) + (f" and {len(same) - NAMED} more" if len(same) > NAMED else "")
    return f"{names}: {SAME_SPLIT}"


def bars(comparison: Comparison) -> str:
    """What the bars of scores are."""
    return f"bars: {scores_span(comparison)}"


def brackets(comparison: Comparison) -> str:
    """What stands in brackets: with seeds averaged, of scores another thing than of differences."""
    if not comparison.is_averaged:
        return f"in brackets: {OVER_SAMPLES}"
    return f"in brackets: scores: {scores_span(comparison)}; differences: {OVER_SAMPLES}"


def averaged(comparison: Comparison) -> str:
    """A sentence that ends with a space, where there is need for one."""
    return "Runs that differ in their seed alone are averaged. " if comparison.is_averaged else ""


def scores_span(comparison: Comparison) -> str:
    """What the brackets or bars of scores are, and of what is averaged like them."""
    if not comparison.is_averaged:
        return OVER_SAMPLES
    lone = any(len(series.runs) == 1 for shown in comparison.panels for series in shown.series)
    return "from the lowest to the highest seed" + (f" (of a single run: {OVER_SAMPLES})" if lone else "")
