"""UMT's question-answering annotations: a JSON list of questions, and one of the answers to choose from."""

from __future__ import annotations

from tldr_search.data.benchmarks.first_named import FirstNamed
from tldr_search.data.benchmarks.json_entries import Entry, is_text, list_entries
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import AnsweringSplit, Question

ACCEPTED = 'a list of {"question_id": number or text, "video": file, "question": text, "answer": text}'


def read(source: Source, answers: str) -> AnsweringSplit:
    """`answers`: the file beside the annotations with the list of answers. `ValueError` for what is malformed, or an id that is double."""
    path = source.annotations.with_name(answers)
    named = FirstNamed(source.videos)
    questions: dict[str, Question] = {}
    for entry in list_entries(source.annotations, ACCEPTED):
        question = Question(_id(entry), named.index(_text(entry, "video")), _text(entry, "question"), _text(entry, "answer"))
        if question.id in questions:
            raise entry.record.malformed("a question_id that no entry before has")
        questions[question.id] = question
    choices = tuple(_answer(entry) for entry in list_entries(path, "a list of answers"))
    return AnsweringSplit(named.videos, (source.annotations, path), tuple(questions.values()), choices)


def _id(entry: Entry) -> str:
    value = entry.get("question_id")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(entry, "question_id")


def _text(entry: Entry, key: str) -> str:
    value = entry.get(key)
    if not is_text(value):
        raise entry.record.malformed(ACCEPTED)
    return str(value)


def _answer(entry: Entry) -> str:
    if not is_text(entry.value):
        raise entry.record.malformed("an answer, as text,")
    return str(entry.value)
