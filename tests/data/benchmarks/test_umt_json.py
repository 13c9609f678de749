"""UMT's retrieval annotations."""

from __future__ import annotations

import json

import pytest

from tldr_search.data.benchmarks import umt_json

ACCEPTED = 'a list of {"video": file or files, "caption": text or texts} would be accepted'


def test_a_caption_a_video(annotate) -> None:
    entries = ('{"video": "b/1.mp4", "caption": "A man\'s dog -- jumps!", "id": 3}', '{"caption": "Zwei Köche", "video": "0.mp4"}')
    source = annotate({"test.json": "\ufeff[\r\n" + ",\r\n".join(entries) + "]\r\n\r\n"})
    split = umt_json.read(source)
    assert split.texts == ("A man's dog -- jumps!", "Zwei Köche")
    assert [video.name for video in split.videos] == ["b/1.mp4", "0.mp4"]
    assert [video.path for video in split.videos] == [source.videos / "b" / "1.mp4", source.videos / "0.mp4"]
    assert split.videos_of_text == ((0,), (1,))
    assert split.sources == (source.annotations,)


def test_several_captions_are_texts_of_their_own_or_one_paragraph(annotate) -> None:
    entries = [
        {"video": "a.avi", "caption": ["one.", "two "]},
        {"video": "b.avi", "caption": "three"},
        {"video": "a.avi", "caption": ["four"]},
    ]
    source = annotate({"test.json": json.dumps(entries)})
    split = umt_json.read(source)
    assert split.texts == ("one.", "two ", "three", "four")
    assert split.videos_of_text == ((0,), (0,), (1,), (0,))
    paragraphs = umt_json.read_paragraphs(source)
    assert paragraphs.texts == ("one. two ", "three", "four")
    assert paragraphs.videos_of_text == ((0,), (1,), (0,))
    assert [video.name for video in split.videos] == [video.name for video in paragraphs.videos] == ["a.avi", "b.avi"]


def test_a_blank_caption_among_others_is_a_text(annotate) -> None:
    source = annotate({"test.json": json.dumps([{"video": "a.avi", "caption": ["one", "", " \n"]}, {"video": "b.avi", "caption": "two"}])})
    split = umt_json.read(source)
    assert split.texts == ("one", "", " \n", "two")
    assert split.videos_of_text == ((0,), (0,), (0,), (1,))
    assert umt_json.read_paragraphs(source).texts == ("one   \n", "two")


def test_several_videos_of_a_text(annotate) -> None:
    entries = [
        {"caption": "Opening something", "video": ["9.webm", "2.webm"]},
        {"caption": "Closing something", "video": ["5.webm", "2.webm"]},
    ]
    split = umt_json.read(annotate({"val.json": json.dumps(entries)}))
    assert [video.name for video in split.videos] == ["9.webm", "2.webm", "5.webm"]
    assert split.videos_of_text == ((0, 1), (2, 1))


@pytest.mark.parametrize(
    "entry",
    [
        '{"caption": "x"}',
        '{"video": "x.mp4"}',
        '{"video": 3, "caption": "x"}',
        '{"video": [], "caption": "x"}',
        '{"video": "x.mp4", "caption": []}',
        '{"video": "x.mp4", "caption": ["x", null]}',
        '{"video": "x.mp4", "caption": " "}',
        '{"video": "x.mp4", "caption": ["", " "]}',
        '{"video": "x.mp4", "caption": ["x", "\\u0000"]}',
        '{"video": ["x.mp4", ""], "caption": "x"}',
        '{"video": "", "caption": "x"}',
        '{"video": "x\\u0000.mp4", "caption": "x"}',
        '{"video": "x\\ud800.mp4", "caption": "x"}',
        '"x.mp4"',
        '{"video": "x.mp4", "caption": "x"',
        "{'video': 'x.mp4', 'caption': 'x'}",
    ],
)
def test_the_first_malformed_entry_is_told(annotate, entry: str) -> None:
    source = annotate({"test.json": '[\n{"video": "a.mp4",\n "caption": "a"},\n\n' + entry + ',\n{"video": "x"}\n]'})
    for read in (umt_json.read, umt_json.read_paragraphs):
        with pytest.raises(ValueError) as error:
            read(source)
        shown = " ".join(entry.split())
        assert str(error.value).startswith(f"{source.annotations}, line 5: ")
        assert shown[:20] in str(error.value).replace("\\\\", "\\").replace("\\'", "'")
        assert str(error.value).endswith(ACCEPTED)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"video": "a.mp4", "caption": "a"}', 1),
        ("[]", 1),
        ('[{"video": "a.mp4", "caption": "a"}\n', 2),
        ('[{"video": "a.mp4", "caption": "a"},\n]', 2),
        ('[{"video": "a.mp4", "caption": "a"}\n{"video": "b.mp4", "caption": "b"}]', 2),
        ('[{"video": "a.mp4", "caption": "a"}]\n\n[]', 3),
        ("\n" + "[" * 100_000, 2),
        ("[\n" + "1" * 10_000 + "]", 2),
    ],
)
def test_what_is_no_list_of_entries(annotate, text: str, line: int) -> None:
    with pytest.raises(ValueError, match=rf"test\.json, line {line}: ") as error:
        umt_json.read(annotate({"test.json": text}))
    assert str(error.value).endswith(ACCEPTED)
    assert len(str(error.value)) < 400
