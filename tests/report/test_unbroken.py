"""Where lines of the page may break."""

from __future__ import annotations

import re

import pytest

from tldr_search.report.unbroken import named, unbroken
from tldr_search.report.words import NBSP


@pytest.mark.parametrize("name", ["vid-TLDR", "umt-b", "text-to-video", "vid-TLDR’s", "vifi-clip-b16"])
def test_short_names_stay_whole(name: str) -> None:
    assert unbroken(f"at {name}, here") == f'at <span class="nb">{name}</span>, here'


def test_long_names_may_break() -> None:
    name = "a-very-long-study-name-of-a-cluster"
    assert unbroken(f"of {name}") == f"of {name}"


@pytest.mark.parametrize("text", ["0.2 %", "303.3 GFLOPs", "18 ms", "12 MiB"])
def test_numbers_keep_their_units(text: str) -> None:
    assert unbroken(f"costs {text}, or so") == f"costs {text.replace(' ', NBSP)}, or so"


def test_what_is_no_unit_is_left_alone() -> None:
    assert unbroken("6 of them; 300 msrvtt clips; 3 - 2") == "6 of them; 300 msrvtt clips; 3 - 2"


@pytest.mark.parametrize("write", [unbroken, named])
def test_everything_is_escaped(write: object) -> None:
    hostile = "</p><script>x-y</script>&\"'-a <img src=x onerror=a-b>"
    assert callable(write)
    tags = re.findall(r"<[^>]*>", write(hostile))
    assert set(tags) <= {'<span class="nb">', '<span class="spec">', "</span>"}


def test_names_in_tables() -> None:
    assert named("vid-TLDR") == '<span class="nb">vid-TLDR</span>'
    assert named("ToMe (metric=features, sorted=on)") == '<span class="spec">ToMe (metric=features, sorted=on)</span>'
