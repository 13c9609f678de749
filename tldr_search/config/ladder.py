"""The budgets of a study: the one asked for, and those that complete the front."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tldr_search.cost import Budget, parse_budget

SAME_RUNG = 0.03
"""Rungs this close (relative) to the budget asked for are that budget."""
RANGE_RUNGS = 6
"""Rungs, at least, of a budget that is a range."""
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*%")


def rungs(budget: Budget, ladder: Sequence[str], base: float) -> tuple[float, ...]:
    """Rising, in the unit of the budget and of `base` (what the unreduced model costs), the budget among them.

    Of a range both ends are rungs, of the ladder what lies between; the widest gaps are divided until there are enough.
    `ValueError` for a rung that `rung` refuses.
    """
    low, asked = budget.at(base)
    found = {low, asked}
    for amount in (rung(text, budget, base) for text in ladder):
        apart = all(abs(amount - end) > SAME_RUNG * end for end in (low, asked))
        if apart and (not budget.is_range or low < amount < asked):
            found.add(amount)
    return _filled(sorted(found), RANGE_RUNGS) if budget.is_range else tuple(sorted(found))


def rung(text: str, budget: Budget, base: float) -> float:
    """One rung in the unit of the budget; `ValueError` if it is a range, in another unit, or costs as much as the unreduced model."""
    parsed = check_rung(text, budget)
    amount = parsed.high.at(base)
    if amount >= base:
        raise ValueError(f"ladder: {text!r}; an amount below the {budget.words(base)} of the unreduced model would be accepted")
    return amount


def check_rung(text: str, budget: Budget) -> Budget:
    """As far as it can be told without knowing what the unreduced model costs."""
    parsed = parse_budget(text)
    if parsed.is_range:
        raise ValueError(f"ladder: {text!r}; a single amount would be accepted")
    if parsed.unit != budget.unit and not parsed.is_relative:
        raise ValueError(f"ladder: {text!r} beside a budget of {budget}; per cent, or {budget.unit} as there, would be accepted")
    return parsed


def shares(parts: Sequence[str]) -> tuple[float, ...]:
    """`("25%", "50%")` -> (0.25, 0.5); `ValueError` unless they rise, between 0 and 100 %."""
    found = []
    for text in parts:
        match = _PART.fullmatch(text.strip())
        if match is None or not 0 < float(match[1]) < 100:
            raise ValueError(f"parts: {text!r}; per cent between 0% and 100%, e.g. 25%, would be accepted")
        found.append(float(match[1]) / 100)
    if any(a >= b for a, b in pairwise(found)):
        raise ValueError(f"parts: {', '.join(parts)}; rising ones, each once, would be accepted")
    return tuple(found)


def _filled(rungs: Sequence[float], least: int) -> tuple[float, ...]:
    """`rungs` and, between them, as many as `least` needs, each gap divided evenly, the widest first."""
    gaps = list(pairwise(rungs))
    parts = [1] * len(gaps)
    while gaps and sum(parts) + 1 < least:
        widest = max(range(len(gaps)), key=lambda i: (gaps[i][1] - gaps[i][0]) / parts[i])
        parts[widest] += 1
    inside = [low + (high - low) * k / n for (low, high), n in zip(gaps, parts, strict=True) for k in range(n)]
    return (*inside, rungs[-1])
