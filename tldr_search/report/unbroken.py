"""Where a line may break: not inside a name such as `vid-TLDR`, and not between a number and its unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tldr_search.report.words import NBSP

if TYPE_CHECKING:
    from markupsafe import Markup

WHOLE = 16
"""Longer names may break at their hyphens: on a phone, there are no more letters on a line of the headline."""
NAME = re.compile(r"(?<![\w&#-])\w[\w.@’]*(?:-[\w.@’]+)+(?![\w-])")
"""Parts with hyphens between them, in text that was escaped."""
BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|GFLOPs|ms|MiB)(?!\w))")


def unbroken(text: str) -> Markup:
    """For running text: escaped, short names with hyphens and numbers with their units kept whole."""
    from markupsafe import Markup, escape

    spaced = BEFORE_UNIT.sub(NBSP, str(escape(text)))
    return Markup(NAME.sub(_kept, spaced))


def named(text: str) -> Markup:
    """For tables: a short name kept whole; a long one, of a method with options, in a box that is not too wide."""
    from markupsafe import Markup, escape

    return Markup(f'<span class="{"nb" if len(text) <= WHOLE else "spec"}">{escape(text)}</span>')


def _kept(name: re.Match[str]) -> str:
    return f'<span class="nb">{name[0]}</span>' if len(name[0]) <= WHOLE else name[0]
