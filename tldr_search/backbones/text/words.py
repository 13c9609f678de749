"""A closed vocabulary of whole words."""

from __future__ import annotations

from collections.abc import Sequence

from tldr_search.backbones.text.batch import TextBatch


class WordTokenizer:
    """Whole words of a closed vocabulary, framed as UMT frames its captions: `[CLS] w1 ... wn`, no trailing [SEP]."""

    def __init__(self, vocabulary: Sequence[str], max_length: int | None = None) -> None:
        """`max_length`: longer texts are cut to so many ids; None cuts nothing."""
        self._ids = {word: i for i, word in enumerate(vocabulary)}
        self._max_length = max_length

    def __call__(self, texts: Sequence[str]) -> TextBatch:
        """Lower-cases, drops `?`, splits at white space; `ValueError` for a word outside the vocabulary."""
        rows = [[self._ids["[CLS]"], *(self._id(w, t) for w in t.lower().replace("?", "").split())] for t in texts]
        return TextBatch.of([row[: self._max_length] for row in rows], self._ids["[PAD]"])

    def _id(self, word: str, text: str) -> int:
        if word not in self._ids:
            raise ValueError(
                f"{word!r} in {text!r} is not in the vocabulary of this model ({' '.join(word for word in self._ids if word[0] != '[')})"
            )
        return self._ids[word]
