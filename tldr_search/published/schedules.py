"""The table of published schedules."""

from __future__ import annotations

from tldr_search.published import recognition, umt, umt_zero_shot
from tldr_search.published.row import Published

PUBLISHED: tuple[Published, ...] = (*umt.ROWS, *umt_zero_shot.ROWS, *recognition.ROWS)
"""Every cost that the papers print beside a method of ours, best-known first within a method and model."""
