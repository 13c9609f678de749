"""What the page is put together from: colours that can be read, data, drawings and photos inside it."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tldr_search.report import inline
from tldr_search.report.style import BLUE, COLOURS, INK, MUTED, PAPER, RULE, Colour


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colour", COLOURS, ids=lambda c: c.name)
def test_contrast_on_paper(colour: Colour, scheme: str) -> None:
    """WCAG AA: 4.5 for text, 3 for what drawings are made of; lines of tables and paper itself say nothing."""
    if colour in (RULE, PAPER):
        return
    needed = 4.5 if colour.name in ("ink", "muted", "budget", "warning") else 3
    assert contrast(getattr(colour, scheme), getattr(PAPER, scheme)) >= needed


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_on_tints(scheme: int) -> None:
    """Text in cells of every darkness, on code and on the message that something was copied."""
    ink, muted, blue, paper = ((c.light, c.dark)[scheme] for c in (INK, MUTED, BLUE, PAPER))
    tint = inline.TINT[scheme]
    assert contrast(muted, tint) >= 4.5
    assert contrast(paper, ink) >= 4.5
    for share in range(101):
        mixed = [
            round(
                int(blue[i : i + 2], 16) * share * inline.HEAT[scheme] / 1e4
                + int(tint[i : i + 2], 16) * (1 - share * inline.HEAT[scheme] / 1e4)
            )
            for i in (1, 3, 5)
        ]
        assert contrast(ink, "#" + "".join(f"{c:02x}" for c in mixed)) >= 4.5


def test_json_in_a_script_is_the_same_and_harmless() -> None:
    value = {"a": "</script><!--", "b": ["&amp;", "\u2028\u2029é"], "c": 1.5, "d": None}
    text = inline.json_text(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_texts_of_drawings_stay_as_they_are() -> None:
    text = '<text>id="x" #1b1f24 url(#y)</text>'
    svg = f'<?xml version="1.0"?><svg width="10pt" height="5pt"><g id="a"><use href="#b" style="fill: #1b1f24"/>{text}</g></svg>'
    assert inline.inline_svg(svg, "p") == f'<svg><g id="p-a"><use href="#p-b" style="fill: var(--ink)"/>{text}</g></svg>'


def test_keys_have_the_markers_of_the_drawings() -> None:
    assert inline.marker_path("s") == "M-0.5 0.5L0.5 0.5L0.5 -0.5L-0.5 -0.5Z"
    assert inline.marker_path("^") == "M0 -0.5L-0.5 0.5L0.5 0.5Z"  # y runs down


def noise(channels: int) -> bytes:
    """A PNG."""
    pixels = np.random.default_rng(0).integers(0, 4, (20, 30, channels), dtype=np.uint8) * 60 + 75
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_keep_every_pixel(channels: int) -> None:
    png = noise(channels)
    kind, data = re.fullmatch(r"data:image/(\w+);base64,(.*)", inline.picture_uri(png)).groups()  # type: ignore[union-attr]
    found = base64.b64decode(data)
    with Image.open(io.BytesIO(png)) as before, Image.open(io.BytesIO(found)) as after:
        assert after.format == kind.upper()
        assert np.array_equal(np.asarray(before), np.asarray(after))
    assert len(found) <= len(png)
