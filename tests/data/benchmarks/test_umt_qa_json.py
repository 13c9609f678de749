"""UMT's question-answering annotations."""

from __future__ import annotations

import json

import pytest

from tldr_search.data.benchmarks import umt_qa_json
from tldr_search.data.benchmarks.split import Question

ENTRY = {"question_id": 7, "video": "v.mp4", "question": "what is it?", "answer": "dog"}


def test_questions_and_answers(annotate) -> None:
    entries = [{**ENTRY, "type": "what"}, {**ENTRY, "question_id": "a1", "answer": "rare"}, {**ENTRY, "question_id": 0, "video": "u.mp4"}]
    source = annotate({"test.json": json.dumps(entries), "answers.json": '["dog", "Cat"]\r\n'})
    split = umt_qa_json.read(source, "answers.json")
    assert split.questions == (
        Question("7", 0, "what is it?", "dog"),
        Question("a1", 0, "what is it?", "rare"),
        Question("0", 1, "what is it?", "dog"),
    )
    assert [video.name for video in split.videos] == ["v.mp4", "u.mp4"]
    assert split.answers == ("dog", "Cat")
    assert split.sources == (source.annotations, source.annotations.with_name("answers.json"))


@pytest.mark.parametrize(
    "change",
    [
        {"question_id": None},
        {"question_id": True},
        {"question_id": 1.5},
        {"video": ["v.mp4"]},
        {"question": ""},
        {"answer": 3},
        {"question_id": 7},
    ],
)
def test_malformed_entries(annotate, change: dict[str, object]) -> None:
    entries = f"[{json.dumps(ENTRY)},\n{json.dumps({**ENTRY, 'question_id': 8, **change})}]"
    with pytest.raises(ValueError, match=r"test\.json, line 2: .* would be accepted"):
        umt_qa_json.read(annotate({"test.json": entries, "answers.json": '["dog"]'}), "answers.json")


@pytest.mark.parametrize("answers", ["[]", '["a",\n3]', '{"a": 1}', None])
def test_answers_that_are_none(annotate, answers: str | None) -> None:
    files = {"test.json": json.dumps([ENTRY])} | ({} if answers is None else {"answers.json": answers})
    with pytest.raises(ValueError, match=r"answers\.json(: no such file|, line [12]: ).* would be accepted"):
        umt_qa_json.read(annotate(files), "answers.json")
