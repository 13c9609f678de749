"""Colours and markers: one pair per method, told apart by colour-blind readers and in black and white.

The method colours are those of Okabe and Ito (2008). Each colour has a light and a dark variant; drawings use the light
one, and the page replaces it by a variable that follows the reader's scheme.
"""

from __future__ import annotations

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
BASELINE = Colour("baseline", "#7d848d", "#8f969f")

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


METHODS = {
    "vid-tldr": Style(BLUE, "o"),
    "tome": Style(VERMILLION, "s"),
    "sta": Style(GREEN, "^"),
    "attentiveness": Style(PURPLE, "D"),
    "saliency-pruning": Style(ORANGE, "v"),
}
OTHERS = (Style(SKY, "P"), Style(PURPLE, "p"), Style(ORANGE, "h"), Style(BLUE, "<"), Style(GREEN, ">"))
BASELINES = (Style(BASELINE, "X"), Style(BASELINE, "d"), Style(BASELINE, "*"))


def searched_style(method: str, index: int) -> Style:
    """The style of a searched method: always the same for a known one, the `index`-th spare one otherwise."""
    return METHODS.get(method, OTHERS[index % len(OTHERS)])


def baseline_style(index: int) -> Style:
    """The style of the `index`-th method that wasn't searched."""
    return BASELINES[index % len(BASELINES)]
