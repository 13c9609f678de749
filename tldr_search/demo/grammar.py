"""What can happen in a demo clip, and how it is told: scenes, captions, motion classes, questions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "cyan", "white")
SIZES = ("small", "large")
MOTIONS = {
    "left": "moves left",
    "right": "moves right",
    "up": "moves up",
    "down": "moves down",
    "circles": "circles around",
    "shakes": "shakes quickly",
    "grows": "grows bigger",
    "shrinks": "shrinks away",
}
"""Motion class -> its words in a caption."""

SHARE_OF_PAIRS = 0.85
"""Share of the clips that show two objects."""


class Actor(NamedTuple):
    """A moving foreground object."""

    size: str
    colour: str
    shape: str
    blink: str
    """The colour that it shows for a moment."""
    motion: str

    def words(self) -> str:
        """For example `a small red star blinking yellow moves left`."""
        return f"a {self.size} {self.colour} {self.shape} blinking {self.blink} {MOTIONS[self.motion]}"


class Scene(NamedTuple):
    """One or two actors, no colour and no shape twice; of two, the first is the large one."""

    actors: tuple[Actor, ...]

    @property
    def caption(self) -> str:
        """For example `a large blue ring blinking red circles around and a small cyan star blinking white moves left`."""
        return " and ".join(actor.words() for actor in self.actors)

    @property
    def motion(self) -> str:
        """The motion class of the clip: that of the first actor."""
        return self.actors[0].motion

    @property
    def blink(self) -> str:
        """The event class of the clip: the colour that the first actor blinks."""
        return self.actors[0].blink

    def question(self, rng: np.random.Generator) -> tuple[str, str]:
        """A question about one actor that the clip answers, and the answer."""
        actor = self.actors[rng.integers(len(self.actors))]
        return (
            (f"what colour is the {actor.shape}?", actor.colour),
            (f"which shape is {actor.colour}?", actor.shape),
            (f"which colour does the {actor.colour} {actor.shape} blink?", actor.blink),
            (f"how does the {actor.colour} {actor.shape} move?", actor.motion),
        )[rng.integers(4)]


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene drawn from the grammar."""
    count = 2 if rng.random() < SHARE_OF_PAIRS else 1
    sizes = ("large", "small") if count == 2 else (SIZES[rng.integers(2)],)
    colours = [COLOURS[i] for i in rng.choice(len(COLOURS), 2 * count, replace=False)]
    shapes = rng.choice(len(SHAPES), count, replace=False)
    motions = rng.integers(len(MOTIONS), size=count)
    names = tuple(MOTIONS)
    rows = zip(sizes, colours[:count], shapes, colours[count:], motions, strict=True)
    return Scene(tuple(Actor(size, colour, SHAPES[k], blink, names[m]) for size, colour, k, blink, m in rows))


def vocabulary() -> tuple[str, ...]:
    """Every word of the captions and questions, after BERT's special tokens, in a fixed order."""
    words = {w for phrase in MOTIONS.values() for w in phrase.split()}
    words |= {
        *SHAPES,
        *COLOURS,
        *SIZES,
        *MOTIONS,
        "a",
        "and",
        "what",
        "colour",
        "is",
        "the",
        "which",
        "shape",
        "how",
        "does",
        "move",
        "blink",
        "blinking",
    }
    return ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words))
