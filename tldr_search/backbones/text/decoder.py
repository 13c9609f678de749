"""The decoder that scores answers, under the parameter names of UMT's question answering checkpoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.bert import NORM_EPS, Memory, TextEncoder


class _LanguageHead(nn.Module):
    """Linear, GELU, norm; then the similarity with every word, and the word's bias."""

    def __init__(self, words: nn.Embedding) -> None:
        super().__init__()
        count, dim = words.weight.shape
        self.transform = nn.ModuleDict({"dense": nn.Linear(dim, dim), "LayerNorm": nn.LayerNorm(dim, eps=NORM_EPS)})
        self.decoder = nn.Linear(dim, count)
        self.decoder.weight = words.weight
        self.bias = self.decoder.bias

    def forward(self, states: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.transform["LayerNorm"](F.gelu(self.transform["dense"](states))))
        return logits


class AnswerDecoder(nn.Module):
    """A causal language model of `decoder_layers` layers, all of which look at a question's hidden states.

    Word embeddings and the last linear layer are one parameter under two names, and so is its bias, as published; a state dict where
    the two differ is a `ValueError`.
    """

    TIED = (
        ("bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
        ("cls.predictions.bias", "cls.predictions.decoder.bias"),
    )

    def __init__(self, arch: TextArchitecture) -> None:
        super().__init__()
        layers = arch.decoder_layers
        self.bert = TextEncoder(dataclasses.replace(arch, depth=layers, fusion_layers=layers), arch.dim, causal=True)
        self.cls = nn.ModuleDict({"predictions": _LanguageHead(self.bert.embeddings.word_embeddings)})
        self.register_load_state_dict_pre_hook(_check_tied)  # type: ignore[no-untyped-call]

    def prepare(self, states: Tensor, mask: Tensor) -> Memory:
        """Hidden states [V, L, C] and mask [V, L] of questions -> what the layers look at."""
        return self.bert.prepare(states, mask)

    def forward(self, text: TextBatch, memory: Memory) -> Tensor:
        """Beginnings [B, L] and the prepared questions (V, as in `TextEncoder.fuse`) -> logits [B, L, words] of the token after each."""
        logits: Tensor = self.cls["predictions"](self.bert.fuse(self.bert(text), text.mask, memory))
        return logits


def _check_tied(module: nn.Module, state: Mapping[str, Tensor], prefix: str, *_: object) -> None:
    for one, other in AnswerDecoder.TIED:
        a, b = state.get(prefix + one), state.get(prefix + other)
        if a is not None and b is not None and not torch.equal(a, b):
            raise ValueError(f"{prefix}{one} and {prefix}{other} differ; equal values would be accepted, as they are one parameter")
