"""What makes a page one file: its style sheet, drawings and photos inside, data that no text breaks out of, and no way to the network."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from functools import cache
from importlib.resources import files

from matplotlib.markers import MarkerStyle
from matplotlib.path import Path as Outline

from tldr_search.report.style import COLOURS

TINT = ("#f6f7f8", "#1d2126")
"""Background of code and of empty cells, in the light and the dark scheme."""
HEAT = (62, 50)
"""The darkest cell of a heat map: per cent of blue in the tint, in both schemes; more, and its text would be hard to read."""
EFFORT = 4
"""Of WebP, 0 to 6: beyond it, more takes much longer and saves little."""
COMMANDS = {Outline.MOVETO: "M", Outline.LINETO: "L", Outline.CURVE3: "Q", Outline.CURVE4: "C", Outline.CLOSEPOLY: "Z"}
"""Letters of an SVG path for matplotlib's codes."""


def style_sheet() -> str:
    """The colours of both schemes as variables, then `page.css`."""
    light, dark = (" ".join(f"--{c.name}: {getattr(c, scheme)};" for c in COLOURS) for scheme in ("light", "dark"))
    schemes = (
        f":root {{ color-scheme: light dark; {light} --tint: {TINT[0]}; --heat: {HEAT[0]}; }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} --tint: {TINT[1]}; --heat: {HEAT[1]}; }} }}\n"
    )
    return schemes + _asset("page.css")


def script() -> str:
    """`page.js`."""
    return _asset("page.js")


def policy(*scripts: str) -> str:
    """A content security policy: these scripts and what is in the file, nothing from anywhere else."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{text}'" for text in hashes) or "'none'"
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"


def json_text(value: object) -> str:
    """JSON that can stand in a `<script>` element: nothing in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def picture_uri(png: bytes) -> str:
    """A PNG as an address that needs no network: as WebP, which takes a third less for the very same pixels, where that is smaller."""
    from PIL import Image

    webp = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(webp, "WEBP", lossless=True, method=EFFORT)
    kind, data = min(("webp", webp.getvalue()), ("png", png), key=lambda pair: len(pair[1]))
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def inline_svg(svg: str, prefix: str) -> str:
    """An SVG document as an element of the page.

    Colours become the page's variables, identifiers get a `prefix` so that two drawings can share a page, and the size is left to
    the page. Texts stay as they are.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    return re.sub(r"<[^>]+>", lambda tag: _adapted(tag[0], prefix), svg)


def marker_path(marker: str) -> str:
    """A matplotlib marker as the path of an SVG of one unit around the origin, y down."""
    style = MarkerStyle(marker)
    outline = style.get_path().transformed(style.get_transform())
    steps = outline.iter_segments(curves=True, simplify=False)
    return "".join(COMMANDS[code] + ("" if code == Outline.CLOSEPOLY else _numbers(points)) for points, code in steps)


def _numbers(points: object) -> str:
    values = [float(x) for x in points]  # type: ignore[attr-defined]
    return " ".join(f"{round(-x if index % 2 else x, 3) + 0.0:g}" for index, x in enumerate(values))


def _adapted(tag: str, prefix: str) -> str:
    tag = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", tag)
    for colour in COLOURS:
        tag = tag.replace(colour.light, f"var(--{colour.name})")
    return tag


@cache
def _asset(name: str) -> str:
    return (files("tldr_search.report") / name).read_text(encoding="utf-8")
