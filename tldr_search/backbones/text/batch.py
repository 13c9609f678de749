"""What a tokenizer hands to a text tower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor


class TextBatch(NamedTuple):
    """B tokenised texts of at most L ids."""

    ids: Tensor
    """[B, L] int64"""
    mask: Tensor
    """[B, L] bool: False at padding."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], pad: int, width: int | None = None) -> Self:
        """Rows of ids, filled with `pad` at the end to `width`, or to the longest; `ValueError` if there are none."""
        if not rows:
            raise ValueError("no texts; at least one would be accepted")
        length = width or max(map(len, rows))
        assert all(len(row) <= length for row in rows)
        ids = torch.tensor([[*row, *[pad] * (length - len(row))] for row in rows])
        lengths = torch.tensor([len(row) for row in rows])
        return cls(ids, torch.arange(length) < lengths[:, None])
