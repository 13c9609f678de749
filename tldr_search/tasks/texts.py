"""Texts on their way through a text tower, and what comes out of it.

Notation: M texts of at most L ids, C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from tldr_search.backbones.architecture import Architecture
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.wordpiece import normalise_caption
from tldr_search.tasks.memory import fitting

TEXTS_AT_ONCE = 256


def as_tokenised(arch: Architecture, texts: Sequence[str]) -> Sequence[str]:
    """Captions and questions as annotated -> as the model's tokenizer gets them: UMT's are normalised first."""
    return [normalise_caption(text) for text in texts] if arch.family == "umt" else texts


def in_batches(texts: TextBatch, device: torch.device, tower: Callable[[TextBatch], Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """(rows of `texts` on the CPU, what `tower` gives for them on the device); texts of like length together, padded to the longest only.

    Padding is masked, so that what comes out of a tower does not depend on it.
    """

    def of(rows: Tensor) -> Tensor:
        longest = int(texts.mask[rows].sum(dim=1).max())
        return tower(TextBatch(texts.ids[rows, :longest].to(device), texts.mask[rows, :longest].to(device)))

    for rows in by_length(texts.mask.sum(dim=1)).split(TEXTS_AT_ONCE):  # type: ignore[no-untyped-call]
        yield from fitting(of, rows)


def clip_features(model: CLIPRetrieval, texts: TextBatch, device: torch.device) -> Tensor:
    """-> [M, E] float32 unit vectors on the CPU; normalised in float32 also under autocast."""
    features = torch.empty(len(texts.ids), model.arch.embed_dim)
    for rows, states in in_batches(texts, device, model.text_encoder):
        features[rows] = F.normalize(states.float(), dim=-1).cpu()
    return features


def by_length(lengths: Tensor) -> Tensor:
    """[M] -> [M] int64: rows from the shortest text to the longest."""
    return lengths.argsort(stable=True)


class TextStates:
    """Last hidden states of texts, in CPU memory, without padding, in the type that the tower gave."""

    def __init__(self, lengths: Tensor) -> None:
        """`lengths` [M] int64: ids of each text."""
        self.lengths = lengths
        self._starts = lengths.cumsum(0) - lengths
        self._flat: Tensor | None = None

    def put(self, rows: Tensor, states: Tensor) -> None:
        """States [B, L, C] of the texts in these rows [B]; what is padding in them is dropped."""
        if self._flat is None:
            self._flat = torch.empty(int(self.lengths.sum()), states.shape[-1], dtype=states.dtype)
        places, mask = self._places(rows)
        self._flat[places[mask]] = states.cpu()[:, : mask.shape[1]][mask]

    def batch(self, rows: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Rows [B] -> states [B, L, C] and mask [B, L] bool on the device, padded to the longest of these texts."""
        assert self._flat is not None
        places, mask = self._places(rows)
        states = self._flat[places.where(mask, 0)].masked_fill(~mask[..., None], 0)
        return states.to(device), mask.to(device)

    def chunks(self, rows: Tensor, most: int) -> Iterator[Tensor]:
        """Rows [B] of texts -> positions in `rows`, in parts of like length that hold, padded, at most `most` ids each (or one text)."""
        order = by_length(self.lengths[rows])
        lengths: Sequence[int] = self.lengths[rows[order]].tolist()
        start = 0
        for end in range(1, len(order) + 1):
            if end == len(order) or (end + 1 - start) * lengths[end] > most:
                yield order[start:end]
                start = end

    def _places(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of `_flat` [B, L], and whether they are of the text [B, L]."""
        steps = torch.arange(int(self.lengths[rows].max()))
        return self._starts[rows, None] + steps, steps < self.lengths[rows, None]
