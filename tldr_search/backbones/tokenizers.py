"""Which tokenizer belongs to which model."""

from __future__ import annotations

from importlib.resources import files

from tldr_search.backbones.architectures import VOCABULARIES, Architecture
from tldr_search.backbones.text import WordTokenizer


def tokenizer_of(arch: Architecture) -> WordTokenizer:
    """The tokenizer of the text tower; `ValueError` where none comes with the package."""
    if arch.name not in VOCABULARIES:
        raise ValueError(f"{arch.name}: no vocabulary comes with the package; {', '.join(VOCABULARIES)} would be accepted")
    vocabulary = files("tldr_search.demo").joinpath("clips", "vocabulary.txt").read_text().split()
    return WordTokenizer(vocabulary)
