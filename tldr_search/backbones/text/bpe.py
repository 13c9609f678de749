"""CLIP's byte pairs."""

from __future__ import annotations

import gzip
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers

from tldr_search.backbones.text.batch import TextBatch

START, END, WORD_END = "<|startoftext|>", "<|endoftext|>", "</w>"
_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class BytePairs(NamedTuple):
    """A vocabulary of byte pairs."""

    ids: dict[str, int]
    merges: list[tuple[str, str]]
    """Earlier ones first."""


class CLIPTokenizer:
    """`<|startoftext|> w1 ... wn <|endoftext|>`, padded with 0 to the tower's `context` as published; lower-case.

    As OpenAI's without its repair of broken encodings and typographic quotes (ftfy): entities (&amp;) are resolved, white space runs
    are one space, characters are composed (NFC).
    """

    def __init__(self, vocabulary: Path, vocab_size: int, context: int, max_length: int | None = None) -> None:
        """`vocabulary`: OpenAI's `bpe_simple_vocab_16e6.txt.gz`, or a directory with Hugging Face's `vocab.json` and `merges.txt`.

        `vocab_size`: how many of OpenAI's merges count. `max_length`: longer texts are cut to so many ids, the last of them the end
        token; None makes a text longer than `context` an error.
        """
        if max_length is not None and not 2 < max_length <= context:
            raise ValueError(f"max_length={max_length}; 3 to {context} would be accepted")
        pairs = _read_directory(vocabulary) if vocabulary.is_dir() else _read_openai(vocabulary, vocab_size)
        self.vocab_size = len(pairs.ids)
        self._start, self._end = pairs.ids[START], pairs.ids[END]
        self._context, self._max_length = context, max_length
        self._pieces = Tokenizer(BPE(pairs.ids, pairs.merges, unk_token=END, end_of_word_suffix=WORD_END))
        self._pieces.normalizer = Normalizers([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
        split = Split(Regex(_PATTERN), behavior="removed", invert=True)
        self._pieces.pre_tokenizer = PreTokenizers([split, ByteLevel(add_prefix_space=False, use_regex=False)])
        self._pieces.add_special_tokens([START, END])

    def __call__(self, texts: Sequence[str]) -> TextBatch:
        """-> rows of `context` ids; `ValueError` for a text that is too long."""
        clean = [html.unescape(html.unescape(text)).strip() for text in texts]
        rows = [self._framed(encoding.ids, text) for encoding, text in zip(self._pieces.encode_batch(clean), texts, strict=True)]
        return TextBatch.of(rows, 0, self._context)

    def _framed(self, ids: list[int], text: str) -> list[int]:
        most = (self._max_length or self._context) - 2
        if self._max_length is None and len(ids) > most:
            raise ValueError(f"{text!r} has {len(ids)} tokens; at most {most} would be accepted, or a max_length to cut at")
        return [self._start, *ids[:most], self._end]


def _read_openai(path: Path, vocab_size: int) -> BytePairs:
    """Ids: the 256 bytes, the bytes at a word's end, one for each merge, start, end."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"vocabulary {str(path)!r} is no bpe_simple_vocab_16e6.txt.gz: {error}") from error
    alphabet = _byte_symbols()
    merges = _pairs(lines[1 : vocab_size - 2 * len(alphabet) - 2 + 1], path)
    tokens = [*alphabet, *(symbol + WORD_END for symbol in alphabet), *(a + b for a, b in merges), START, END]
    return BytePairs({token: i for i, token in enumerate(tokens)}, merges)


def _read_directory(path: Path) -> BytePairs:
    try:
        ids = json.loads((path / "vocab.json").read_text(encoding="utf-8"))
        lines = (path / "merges.txt").read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise ValueError(f"vocabulary {str(path)!r} is no directory with vocab.json and merges.txt: {error}") from error
    if missing := [token for token in (START, END) if token not in ids]:
        raise ValueError(f"vocabulary {str(path)!r} lacks {', '.join(missing)}; CLIP's vocab.json would be accepted")
    return BytePairs(ids, _pairs([line for line in lines if line and not line.startswith("#version")], path))


def _pairs(lines: list[str], path: Path) -> list[tuple[str, str]]:
    merges = []
    for line in lines:
        first, _, second = line.partition(" ")
        if not first or not second:
            raise ValueError(f"vocabulary {str(path)!r}: {line!r} is no merge; two pieces and a space between them would be accepted")
        merges.append((first, second))
    return merges


def _byte_symbols() -> list[str]:
    """A printable character for each byte: itself where it is one, else the next from U+0100 on. The printable ones come first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(256 - len(printable))]
