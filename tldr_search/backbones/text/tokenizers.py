"""Which tokenizer belongs to which model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from tldr_search.backbones.architecture import Architecture, TextArchitecture
from tldr_search.backbones.architectures import VOCABULARIES, VOCABULARY_FILES, architecture
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.bpe import CLIPTokenizer
from tldr_search.backbones.text.wordpiece import WordPieceTokenizer
from tldr_search.backbones.text.words import WordTokenizer

Tokenizer = Callable[[Sequence[str]], TextBatch]


def load_tokenizer(name: str, vocabulary: Path | str | None = None, max_length: int | None = None) -> Tokenizer:
    """The tokenizer of the model `name`; see `tokenizer_of`."""
    return tokenizer_of(architecture(name), vocabulary, max_length)


def tokenizer_of(arch: Architecture, vocabulary: Path | str | None = None, max_length: int | None = None) -> Tokenizer:
    """The tokenizer of the text tower.

    `vocabulary` is a file, or a directory with it: BERT's `vocab.txt` for UMT; OpenAI's `bpe_simple_vocab_16e6.txt.gz`, or a directory
    with `vocab.json` and `merges.txt`, for CLIP and ViFi-CLIP. None takes the one that comes with the package (umt-mini). Texts of more
    than `max_length` ids are cut; None cuts nothing. `ValueError` where the vocabulary is missing or is that of another model.
    """
    if arch.text is None:
        raise ValueError(f"{arch.name} has no text tower; a model of the umt, clip or vifi-clip family would be accepted")
    if vocabulary is None:
        if arch.name not in VOCABULARIES:
            accepted = f"{' or '.join(VOCABULARY_FILES[arch.family])}, or the directory that holds it,"
            raise ValueError(f"{arch.name}: no vocabulary comes with the package; {accepted} would be accepted")
        words = files("tldr_search.demo").joinpath("clips", "vocabulary.txt").read_text().split()
        return WordTokenizer(words, max_length)
    return _from_file(arch, arch.text, _locate(Path(vocabulary), VOCABULARY_FILES[arch.family]), max_length)


def _locate(path: Path, names: tuple[str, ...]) -> Path:
    """The vocabulary itself; Hugging Face's of CLIP is a directory of two files."""
    if not path.exists():
        raise ValueError(f"vocabulary {str(path)!r}: no such file; {' or '.join(names)} would be accepted")
    if path.is_dir():
        found = [name for name in names if (path / name).is_file()]
        if not found:
            raise ValueError(f"vocabulary {str(path)!r} holds no {' or '.join(names)}")
        path /= found[0]
    return path.parent if path.name == "vocab.json" else path


def _from_file(arch: Architecture, text: TextArchitecture, path: Path, max_length: int | None) -> Tokenizer:
    tokenizer: WordPieceTokenizer | CLIPTokenizer
    if arch.family == "umt":
        tokenizer = WordPieceTokenizer(path, max_length)
    else:
        tokenizer = CLIPTokenizer(path, text.vocab_size, text.max_positions, max_length)
    if tokenizer.vocab_size != text.vocab_size:
        raise ValueError(f"vocabulary {str(path)!r} has {tokenizer.vocab_size} entries; {text.vocab_size} would be accepted ({arch.name})")
    return tokenizer
