"""Tokenizers against the published ids and against independent ones on the same, small vocabularies."""

import gzip
import itertools
import json
import random
import unicodedata

import pytest
import regex
from transformers import CLIPTokenizer as HuggingFaceCLIP
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from tldr_search.backbones.architecture import TextArchitecture
from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.text.bpe import CLIPTokenizer
from tldr_search.backbones.text.tokenizers import tokenizer_of
from tldr_search.backbones.text.wordpiece import WordPieceTokenizer, normalise_caption
from tldr_search.backbones.text.words import WordTokenizer

# rank of the published merges that the texts below need
MERGES = {1: "t h", 6: "th e</w>", 19: "t o</w>", 27: "o f</w>", 56: "' s</w>", 65: "m a", 73: "i t</w>", 92: "p p", 94: "h o", 127: "d o"}
MERGES |= {131: "k e", 181: "y e", 193: "u p</w>", 304: "p ho", 370: "a pp", 613: "pho to</w>", 1417: "do g</w>", 2720: "ma ke"}
MERGES |= {5341: "make up</w>"}
PROMPT = "a photo of a ApplyEyeMakeup."
PROMPT_IDS = [49406, 320, 1125, 539, 320, 882, 75, 693, 693, 5853, 269, 49407]
LETTERS = "abcdefghijklm nopqrst uvwxyz ABCXYZ 0123 .,!?'\"-_/()[]#:éüñçøß日本語рус😀👍\t\n’…²"


def noise(count, seed=0):
    draw = random.Random(seed)
    for _ in range(count):
        text = draw.choice(["", "it's the dog's ", PROMPT, "don't "]) + "".join(draw.choices(LETTERS, k=draw.randrange(25)))
        yield unicodedata.normalize("NFC", text)


@pytest.fixture(scope="session")
def merges():
    """As many as the published ones: those above at their ranks, the others between bytes that no English text has."""
    foreign = [symbol for symbol in bytes_to_unicode().values() if not symbol.isascii()]
    others = (f"{a} {b}{end}" for end in ("", "</w>") for a, b in itertools.product(foreign, foreign))
    return [MERGES.get(rank) or next(others) for rank in range(48894)]


@pytest.fixture(scope="session")
def openai(merges, tmp_path_factory):
    path = tmp_path_factory.mktemp("openai") / "bpe_simple_vocab_16e6.txt.gz"
    path.write_bytes(gzip.compress("\n".join(["#version: 0.2", *merges, "never used"]).encode(), 1))
    return path


@pytest.fixture(scope="session")
def hugging_face(merges, tmp_path_factory):
    path = tmp_path_factory.mktemp("hugging_face")
    (path / "vocab.json").write_text(json.dumps(vocabulary(merges)))
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    return path


def vocabulary(merges):
    symbols = list(bytes_to_unicode().values())
    tokens = [*symbols, *(s + "</w>" for s in symbols), *(m.replace(" ", "") for m in merges), "<|startoftext|>", "<|endoftext|>"]
    return {token: i for i, token in enumerate(tokens)}


CLIP = architecture("clip-b16")


def rows(batch):
    return [ids[mask].tolist() for ids, mask in zip(batch.ids, batch.mask, strict=True)]


def test_the_published_prompt(openai):
    batch = tokenizer_of(architecture("vifi-clip-b16"), openai.parent)([PROMPT, "the dog"])
    assert batch.ids.shape == (2, 77)
    assert batch.ids[0].tolist() == PROMPT_IDS + [0] * (77 - len(PROMPT_IDS))
    assert batch.mask.sum(1).tolist() == [len(PROMPT_IDS), 4]


def paired(text, ranks, ids):
    """Byte pairs as they are defined: the earliest merge first, everywhere in the word."""
    bytes_of, out = bytes_to_unicode(), []
    for word in regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", " ".join(text.split()).lower()):
        symbols = [bytes_of[byte] for byte in word.encode()]
        symbols[-1] += "</w>"
        while best := min((p for p in itertools.pairwise(symbols) if p in ranks), key=ranks.get, default=None):
            i = 0
            while i < len(symbols) - 1:
                if (symbols[i], symbols[i + 1]) == best:
                    symbols[i : i + 2] = ["".join(best)]
                i += 1
        out += [ids[symbol] for symbol in symbols]
    return out


def test_byte_pairs_of_any_text(openai, hugging_face, merges):
    texts = [text for text in noise(300) if len(text.encode()) <= 75]
    ours = rows(tokenizer_of(CLIP, openai)(texts))
    ranks, ids = {tuple(m.split(" ")): rank for rank, m in enumerate(merges)}, vocabulary(merges)
    assert ours == [[49406, *paired(text, ranks, ids), 49407] for text in texts]
    assert ours == rows(tokenizer_of(CLIP, hugging_face)(texts))
    theirs = HuggingFaceCLIP(vocab=str(hugging_face / "vocab.json"), merges=str(hugging_face / "merges.txt"))
    assert ours == theirs(texts)["input_ids"]


@pytest.mark.parametrize(
    "written,meant",
    [
        ("the &amp;lt; dog", "the < dog"),  # entities, twice
        ("the dôg", "the do\u0302g"),  # composed
        ("\tthe   dog\n", "the dog"),
    ],
)
def test_texts_are_cleaned_for_clip(openai, written, meant):
    tokenize = tokenizer_of(CLIP, openai)
    assert rows(tokenize([written])) == rows(tokenize([meant]))


def test_clips_own_tokens_in_a_text(openai):
    the, dog = 512 + 6, 512 + 1417
    assert rows(tokenizer_of(CLIP, openai)(["the<|endoftext|>dog"])) == [[49406, the, 49407, dog, 49407]]


def test_texts_too_long_for_clip(openai):
    long = "the " * 76
    with pytest.raises(ValueError, match="has 76 tokens; at most 75 would be accepted, or a max_length to cut at"):
        tokenizer_of(CLIP, openai)([long])
    the = 512 + 6
    assert rows(tokenizer_of(CLIP, openai, max_length=77)([long])) == [[49406, *[the] * 75, 49407]]
    cut = tokenizer_of(CLIP, openai, max_length=5)([long])
    assert cut.ids.shape == (1, 77)
    assert rows(cut) == [[49406, the, the, the, 49407]]
    with pytest.raises(ValueError, match="max_length=78; 3 to 77 would be accepted"):
        tokenizer_of(CLIP, openai, max_length=78)


PIECES = ["[PAD]", *(f"[unused{i}]" for i in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"!\"#'(),-./:?[]_…’²日本"]
PIECES += [
    *"abcdefghijklmnopqrstuvwxy0123",
    *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxy0123"),
    "the",
    "dog",
    "##ing",
    "jump",
    "p",
    "photo",
    "##to",
]


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    path = tmp_path_factory.mktemp("bert") / "vocab.txt"
    path.write_text("\n".join(dict.fromkeys(PIECES)) + "\n")
    return path


def test_word_pieces_of_any_text(bert):
    theirs = BertTokenizerLegacy(str(bert), do_lower_case=True)
    texts = [text + random.Random(i).choice(["", " [SEP]", " jumping"]) for i, text in enumerate(noise(300))]
    expected = [[101, *theirs.convert_tokens_to_ids(theirs.tokenize(text))] for text in texts]
    assert rows(WordPieceTokenizer(bert)(texts)) == expected
    assert any(100 in row for row in expected)


def test_how_umt_frames_texts(bert):
    ids = {piece: i for i, piece in enumerate(dict.fromkeys(PIECES))}
    the, dog, jump, ing = (ids[piece] for piece in ("the", "dog", "jump", "##ing"))
    texts = ["The dôg", "jumping [SEP]", "the dog the dog the dog [SEP]"]
    assert rows(WordPieceTokenizer(bert, 5)(texts)) == [[101, the, dog], [101, jump, ing, 102], [101, the, dog, the, dog]]
    short = texts[:1]
    assert WordPieceTokenizer(bert, 5)(short).ids.shape == (1, 3)
    padded = WordPieceTokenizer(bert, 5, pad_to_max_length=True)(short)
    assert padded.ids.tolist() == [[101, the, dog, 0, 0]]
    assert padded.mask.tolist() == [[True, True, True, False, False]]


@pytest.mark.parametrize(
    "text,normal",
    [
        ("A man's dog -- jumps/over, the (big) fence!  ok.\n", "a mans dog jumps over the big fence ok"),
        ('<person> and <PERSON>; #1 * ~ "x": y?', "person and person 1 x y"),
        ("  one\ttab\t\ttwo ", "one\ttab two"),
        ("", ""),
    ],
)
def test_captions_are_normalised(text, normal):
    assert normalise_caption(text) == normal


def test_the_closed_vocabulary():
    tokenize = WordTokenizer(["[PAD]", "[CLS]", "red", "circle"], max_length=3)
    batch = tokenize(["Red circle?", "circle", "red red red"])
    assert batch.ids.tolist() == [[1, 2, 3], [1, 3, 0], [1, 2, 2]]
    assert batch.mask.tolist() == [[True] * 3, [True, True, False], [True] * 3]
    with pytest.raises(ValueError, match="'blue' in 'blue circle' is not in the vocabulary"):
        tokenize(["blue circle"])
    with pytest.raises(ValueError, match="no texts"):
        tokenize([])


def test_a_model_gets_its_own_tokenizer(bert, hugging_face):
    assert tokenizer_of(architecture("umt-mini"))(["red"]).ids.shape == (1, 2)
    small = TextArchitecture(24, 2, 3, vocab_size=len(set(PIECES)), max_positions=16)
    assert isinstance(tokenizer_of(architecture("umt-b", text=small), bert), WordPieceTokenizer)
    for path in (hugging_face, hugging_face / "vocab.json"):
        assert isinstance(tokenizer_of(CLIP, path), CLIPTokenizer)


def test_wrong_vocabularies_are_named(bert, openai, tmp_path):
    (tmp_path / "vocab.txt").write_text("the\ndog\n")
    (tmp_path / "vocab.json").write_text("{")
    (tmp_path / "bpe.txt.gz").write_bytes(gzip.compress(b"#version: 0.2\nab\n"))
    entries = len(set(PIECES))
    for model, path, says in (
        ("umt-b", None, "umt-b: no vocabulary comes with the package; vocab.txt, or the directory that holds it, would be accepted"),
        ("umt-b", bert, rf"vocab.txt' has {entries} entries; 30522 would be accepted \(umt-b\)"),
        ("umt-b", tmp_path, r"lacks \[PAD\], \[UNK\], \[CLS\], \[SEP\], \[MASK\]; BERT's vocab.txt"),
        ("umt-b", openai, "is not readable as text"),
        ("umt-b", tmp_path / "none", "none': no such file; vocab.txt would be accepted"),
        ("clip-b16", None, "no vocabulary comes with the package; bpe_simple_vocab_16e6.txt.gz or vocab.json, or the directory"),
        ("clip-b16", bert, "is no bpe_simple_vocab_16e6.txt.gz"),
        ("clip-b16", bert.parent, "holds no bpe_simple_vocab_16e6.txt.gz or vocab.json"),
        ("clip-b16", tmp_path, "is no directory with vocab.json and merges.txt"),
        ("clip-b16", tmp_path / "bpe.txt.gz", "'ab' is no merge"),
        ("videomae-b", None, "videomae-b has no text tower"),
    ):
        with pytest.raises(ValueError, match=says):
            tokenizer_of(architecture(model), path)
