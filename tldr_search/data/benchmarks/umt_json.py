"""UMT's retrieval annotations: a JSON list of captions and videos."""

from __future__ import annotations

from tldr_search.data.benchmarks.first_named import FirstNamed
from tldr_search.data.benchmarks.json_entries import Entry, is_text, list_entries
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import RetrievalSplit

ACCEPTED = 'a list of {"video": file or files, "caption": text or texts}'


def read(source: Source) -> RetrievalSplit:
    """Every caption of an entry describes every video of it. `ValueError` for what is malformed.

    Captions are as annotated, blank ones among others, too: UMT's queries count them; an entry must have one that is not blank. A video
    that several entries name is one video, which all their texts describe (UMT's released code ranks it once per entry).
    """
    return _read(source, paragraphs=False)


def read_paragraphs(source: Source) -> RetrievalSplit:
    """As `read`, but the captions of an entry are the sentences of one text, joined by single spaces."""
    return _read(source, paragraphs=True)


def _read(source: Source, *, paragraphs: bool) -> RetrievalSplit:
    named = FirstNamed(source.videos)
    texts: list[str] = []
    videos_of_text: list[tuple[int, ...]] = []
    for entry in list_entries(source.annotations, ACCEPTED):
        captions = _texts(entry, "caption")
        names = _texts(entry, "video")
        if not any(map(is_text, captions)) or not all(map(is_text, (*filter(str.strip, captions), *names))):
            raise entry.record.malformed(ACCEPTED)
        if paragraphs:
            captions = [" ".join(captions)]
        videos = tuple(dict.fromkeys(map(named.index, names)))
        texts += captions
        videos_of_text += [videos] * len(captions)
    return RetrievalSplit(named.videos, (source.annotations,), tuple(texts), tuple(videos_of_text))


def _texts(entry: Entry, key: str) -> list[str]:
    value = entry.get(key)
    texts = value if isinstance(value, list) else [value]
    strings = [text for text in texts if isinstance(text, str)]
    if not texts or len(strings) < len(texts):
        raise entry.record.malformed(ACCEPTED)
    return strings
