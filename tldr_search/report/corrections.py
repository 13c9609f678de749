"""Which test p-values are from, and how they were corrected for one another, in words. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from tldr_search.report.compare import test_name
from tldr_search.report.rows import Row, num_tests
from tldr_search.study.result import Result

AGAINST = {"to_base": "vs unreduced", "to_constant": "vs constant r", "to_random": "vs random dropping"}
"""What each kind of difference is to."""
WHAT = {"winner": "winners (methods × costs)", "baseline": "baselines", "known": "known shapes"}
"""What rows of a role are; Holm's method corrects each role by itself."""


def corrections_text(rows: Sequence[Row], kinds: Sequence[str], roles: Sequence[str] = ("winner", "baseline")) -> str:
    """After a comma: `, Holm over 18 winners (methods × costs; vs constant r: 14) and, separately, over 6 baselines`.

    Empty where no p-value has another one beside it. `kinds` are those that are shown.
    """
    parts = [part for role in roles if (part := _of_role(rows, role, kinds))]
    return f", Holm over {' and, separately, over '.join(parts)}" if parts else ""


def test_of(result: Result) -> str:
    """The paired test behind the p-values of a study."""
    return test_name(p.sampled for p in (result.base, *result.winners, *result.baselines, *result.known))


def _of_role(rows: Sequence[Row], role: str, kinds: Sequence[str]) -> str:
    found = {kind: number for kind, number in zip(kinds, num_tests(rows, role, *kinds), strict=True) if number}
    if max(found.values(), default=0) < 2:
        return ""
    first, *others = found.items()
    unlike = "; ".join(f"{AGAINST[kind]}: {number}" for kind, number in others if number != first[1])
    what = WHAT[role]
    if not unlike:
        return f"{first[1]} {what}"
    return f"{first[1]} {what.removesuffix(')')}; {unlike})" if what.endswith(")") else f"{first[1]} {what} ({unlike})"
