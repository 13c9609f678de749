"""BERT's word pieces, framed as UMT frames its texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from tldr_search.backbones.text.batch import TextBatch

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_DROPPED = str.maketrans("-/", "  ", ",.'!?\"()*#:;~")


def normalise_caption(text: str) -> str:
    """What UMT does to captions and questions, but not to answers, before they are tokenised.

    Lower case; `, . ' ! ? " ( ) * # : ; ~` deleted; `-` and `/` to spaces; `<person>` to `person`; runs of white space to one space.
    """
    text = text.lower().translate(_DROPPED).replace("<person>", "person")
    return re.sub(r"\s{2,}", " ", text).rstrip("\n").strip(" ")


class WordPieceTokenizer:
    """`[CLS] w1 ... wn`, no trailing [SEP] (unlike BERT's own): lower-case, accents stripped, split at punctuation.

    A special token written in a text, as the [SEP] that ends an answer, becomes its id.
    """

    def __init__(self, vocabulary: Path, max_length: int | None = None, *, pad_to_max_length: bool = False) -> None:
        """`vocabulary`: a `vocab.txt`, one piece a line, the line number its id. `max_length`: longer texts are cut to so many ids.

        Shorter ones are padded to the longest of a batch or, with `pad_to_max_length`, to `max_length`.
        """
        if pad_to_max_length and max_length is None:
            raise ValueError("pad_to_max_length without max_length; a max_length would be accepted")
        ids = _read(vocabulary)
        self.vocab_size = len(ids)
        self._cls, self._pad = ids["[CLS]"], ids["[PAD]"]
        self._max_length, self._width = max_length, max_length if pad_to_max_length else None
        self._pieces = Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
        self._pieces.normalizer = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)
        self._pieces.pre_tokenizer = BertPreTokenizer()
        self._pieces.add_special_tokens(list(SPECIAL))

    def __call__(self, texts: Sequence[str]) -> TextBatch:
        """Texts as they are: see `normalise_caption`."""
        rows = [[self._cls, *encoding.ids] for encoding in self._pieces.encode_batch(list(texts), add_special_tokens=False)]
        return TextBatch.of([row[: self._max_length] for row in rows], self._pad, self._width)


def _read(path: Path) -> dict[str, int]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"vocabulary {str(path)!r} is not readable as text: {error}") from error
    ids = {piece: i for i, piece in enumerate(lines[:-1] if lines[-1] == "" else lines)}
    if missing := [token for token in SPECIAL if token not in ids]:
        raise ValueError(f"vocabulary {str(path)!r} lacks {', '.join(missing)}; BERT's vocab.txt, one piece a line, would be accepted")
    return ids
