"""What is wrong with a list of methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tldr_search.reducers import NONE, get_method


def repeated(field: str, methods: Sequence[str], always: str = "the unreduced model is always measured") -> Iterator[str]:
    """Methods that are named twice, and `none`, of which `always` says why it needs no naming."""
    specs = [get_method(name).spec for name in methods]
    for spec in dict.fromkeys(specs):
        if spec == NONE.spec:
            yield f"{field}: none removes nothing; {always}"
        elif specs.count(spec) > 1:
            yield f"{field}: {spec} is named twice"
