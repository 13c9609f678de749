"""Classes told apart by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.tokenizers import Tokenizer


class Prompts(NamedTuple):
    """One text per class."""

    tokenizer: Tokenizer
    template: str = "a photo of a {}."
    """{} stands for the class; by default what CLIP and ViFi-CLIP are evaluated with."""

    def tokenise(self, classes: Sequence[str]) -> TextBatch:
        """Names as annotated -> one text each; `ValueError` if there are none."""
        if not classes:
            raise ValueError("the classes have no names for the prompt; annotations that name their classes would be accepted")
        return self.tokenizer([self.template.format(name) for name in classes])
