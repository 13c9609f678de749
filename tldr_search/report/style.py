"""Colours and markers: one pair per method, told apart by colour-blind readers and in black and white.

A method with options (`tome:metric=features`) has the colour of the plain one, in another marker and with dashes.

The method colours are those of Okabe and Ito (2008). Each colour has a light and a dark variant; drawings use the light
one, and the page replaces it by a variable that follows the reader's scheme.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple


class Colour(NamedTuple):
    """One colour in both schemes."""

    name: str
    light: str
    dark: str


INK = Colour("ink", "#1b1f24", "#e8e6e1")
MUTED = Colour("muted", "#5c646e", "#a2a8b0")
RULE = Colour("rule", "#dfe2e6", "#343a41")
PAPER = Colour("paper", "#ffffff", "#15181c")
BUDGET = Colour("budget", "#8a6d00", "#d8b945")
WARNING = Colour("warning", "#b3211b", "#ff8a80")
BASELINE = Colour("baseline", "#545a62", "#8f969f")
"""Darker than green: to many who see no green, both are grey."""

BLUE = Colour("blue", "#0072b2", "#4fb0e8")
VERMILLION = Colour("vermillion", "#d55e00", "#f0854a")
GREEN = Colour("green", "#009e73", "#3cc79d")
PURPLE = Colour("purple", "#b8578f", "#dd8fbd")
ORANGE = Colour("orange", "#c58700", "#e9b44c")
SKY = Colour("sky", "#3b9ad4", "#8ccdf5")

COLOURS = (INK, MUTED, RULE, PAPER, BUDGET, WARNING, BASELINE, BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)


class Style(NamedTuple):
    """How a method is drawn."""

    colour: Colour
    marker: str
    """A matplotlib marker."""
    dashes: tuple[float, ...] = ()
    """Of its line, in line widths: on, off, on, ...; empty for one without gaps."""


METHODS = {
    "vid-tldr": Style(BLUE, "o"),
    "tome": Style(VERMILLION, "s"),
    "sta": Style(GREEN, "^"),
    "attentiveness": Style(PURPLE, "D"),
    "saliency-pruning": Style(ORANGE, "v"),
}
MEASURES = {"saliency": Style(ORANGE, "v"), "attentiveness": Style(PURPLE, "D"), "rollout": Style(SKY, "8")}
"""What a token's importance is measured by: the first two in the style of the method that prunes by it."""
FREE = ("P", "<", ">", "p", "h")
"""Markers that no method of the table has, and nothing that isn't searched."""
HUES = (SKY, PURPLE, ORANGE, BLUE, GREEN, VERMILLION)
OTHERS = tuple(Style(HUES[i % len(HUES)], FREE[i % len(FREE)]) for i in range(len(HUES) * len(FREE)))
"""Of methods outside the table, in this order: every hue with every free marker, for their numbers have no common divisor."""
DASHES = ((6.0, 1.6, 1.2, 1.6), (3.0, 1.2, 1.0, 1.2, 1.0, 1.2), (9.0, 1.6, 3.0, 1.6))
VARIANTS = tuple(product(DASHES, FREE))
"""Dashes and marker of methods with options, in this order."""
BASELINES = tuple(Style(BASELINE, marker) for marker in ("X", "d", "*", "H", "8", *FREE))


def searched_styles(methods: Iterable[str]) -> dict[str, Style]:
    """A style for each searched method, all different: always the same for one of the table.

    Any other has the next that is free; one with options has the colour of the plain one, whether that is there or not.
    """
    found: dict[str, Style] = {}
    methods = list(dict.fromkeys(methods))
    plain = list(dict.fromkeys(map(plain_name, methods)))
    outside = [name for name in plain if name not in METHODS]
    own = {**METHODS, **{name: OTHERS[i % len(OTHERS)] for i, name in enumerate(outside)}}
    for method in methods:
        found[method] = own[method] if method in plain else _variant(own[plain_name(method)].colour, [*own.values(), *found.values()])
    return found


def plain_name(method: str) -> str:
    """A method without its options."""
    return method.partition(":")[0]


def _variant(colour: Colour, taken: Sequence[Style]) -> Style:
    """In this colour with a marker that no other has; else with one that no other has in it; else with other dashes at least."""
    free = [Style(colour, marker, dashes) for dashes, marker in VARIANTS]
    markers, pairs = {style.marker for style in taken}, {(style.colour, style.marker) for style in taken}
    for kind in (
        [style for style in free if style.marker not in markers],
        [style for style in free if (style.colour, style.marker) not in pairs],
        [style for style in free if style not in taken],
    ):
        if kind:
            return kind[0]
    return free[0]


def baseline_style(index: int) -> Style:
    """The style of the `index`-th method that wasn't searched."""
    return BASELINES[index % len(BASELINES)]
