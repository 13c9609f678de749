"""Question answering against the published two stages, one question and one answer at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tldr_search.backbones.text import TextBatch
from tldr_search.backbones.umt import UMTAnswering
from tldr_search.data.benchmarks.split import AnsweringSplit, Question
from tldr_search.tasks import question_answering
from tldr_search.tasks.question_answering import AnsweringTask
from tldr_search.tasks.task import CLIPS, normalise

ANSWERS = ("a p p p p", "b c", "d o o o", "b d e f g", "h i j k l", "c d e f", "e a b c d", "k l m n", "d o o o")
"""All but one are longer than what is read of an answer, one is there twice."""
ASKED = [(0, "A, b?"), (0, "c d"), (0, "E"), (2, "a-b"), (2, "a b"), (3, "(h)"), (4, " ".join("abcdefghij" * 3))]


@pytest.fixture
def data(videos):
    right = ["a p p p p", "zebra", "b c", "k l m n", "k l m n", "B C", "d o o o"]
    questions = tuple(Question(f"q{i}", video, text, right[i]) for i, (video, text) in enumerate(ASKED))
    return AnsweringSplit(videos(6), (), questions, ANSWERS)


@torch.inference_mode()
def answered(model, question, words, clip, protocol, k):
    """-> answers and their scores, the best first."""
    ids = words()([question.text.lower().translate(str.maketrans("-", " ", ",?()"))]).ids[:, :25]
    asked = TextBatch(ids, torch.ones_like(ids, dtype=torch.bool))
    states = model.question_states(asked, model(normalise(clip, protocol)).tokens)
    memory = model.text_decoder.prepare(states, asked.mask)
    tokens = [[2, *words()([answer]).ids[0, 1:].tolist(), 3][:5] for answer in ANSWERS]

    def after(start):
        start = torch.tensor([start])
        return model.text_decoder(TextBatch(start, torch.ones_like(start, dtype=torch.bool)), memory)[0, -1].log_softmax(-1)

    first = [after([2])[t[1]].item() for t in tokens]
    kept = sorted(range(len(ANSWERS)), key=lambda i: -first[i])[:k]
    whole = {i: sum(after(tokens[i][:n])[tokens[i][n]].item() for n in range(1, len(tokens[i]))) for i in kept}
    return [(ANSWERS[i], first[i] + whole[i]) for i in sorted(kept, key=lambda i: -(first[i] + whole[i]))]


@pytest.mark.parametrize("k_test,at_once", [(1, 64), (4, 2), (9, 64)])
def test_as_published(k_test, at_once, data, run, scrambled, umt, words, settings, clips, monkeypatch):
    monkeypatch.setattr(question_answering, "QUESTIONS_AT_ONCE", at_once)
    model, pixels = scrambled(UMTAnswering, umt), clips(6, umt)
    seen = []
    model.vision_encoder.encoder.register_forward_hook(lambda *_: seen.append(1))
    task = AnsweringTask(model, data, words, settings(), k_test)
    outcome = run(task, pixels)
    assert len(seen) == 2  # two batches of three videos
    found = [answered(model, q, words, pixels[q.video], task.settings.protocol, k_test) for q in data.questions]
    expected = [[answer for answer, _ in row] for row in found]
    scores = torch.cat([task.store.get(CLIPS, batch, "values")[:, 2] for batch in range(2)])
    assert scores.tolist() == pytest.approx([row[0][1] for row in found], abs=1e-4)
    assert outcome.columns["predicted"].tolist() == [best for best, *_ in expected]
    assert outcome.columns["rank"].tolist() == [
        (row.index(q.answer) if q.answer in row else k_test) + 1 for row, q in zip(expected, data.questions, strict=True)
    ]
    right = [row[0] == q.answer for row, q in zip(expected, data.questions, strict=True)]
    assert outcome.metrics == pytest.approx({"accuracy": 100 * np.mean(right)})
    rate = outcome.rates["accuracy"]
    assert (rate.clusters.tolist(), rate.names) == ([0, 0, 0, 2, 2, 3, 4], ("q0", "q1", "q2", "q3", "q4", "q5", "q6"))


def test_right_answers_are_counted(data, run, scrambled, umt, words, settings, clips, tmp_path):
    """The annotation is what the model says, in three of seven cases letter by letter."""
    model, pixels = scrambled(UMTAnswering, umt), clips(6, umt)
    said = run(AnsweringTask(model, data, words, settings(), 4), pixels).columns["predicted"]
    changed = [str(said[i]) if i < 3 else str(said[i]).upper() for i in range(len(said))]
    again = AnsweringSplit(data.videos, (), tuple(q._replace(answer=a) for q, a in zip(data.questions, changed, strict=True)), ANSWERS)
    task = AnsweringTask(model, again, words, settings(), 4)
    assert run(task, pixels, directory=tmp_path / "other").metrics["accuracy"] == pytest.approx(300 / 7)
    assert task.outcome.columns["rank"].tolist() == [1, 1, 1, 5, 5, 5, 5]


def test_questions_are_normalised_and_cut_at_25_and_answers_are_raw_and_cut_at_5(data, scrambled, umt, words, settings):
    seen = {}
    split = replace(data, questions=(Question("q", 0, "A-b, (C)?", "Dog"),), answers=("A Dog, no. 2", "d"))
    AnsweringTask(scrambled(UMTAnswering, umt), split, lambda most: lambda texts: words(most)(seen.setdefault(most, texts)), settings(), 1)
    assert seen == {25: ["a b c"], 5: ["A Dog, no. 2 [SEP]", "d [SEP]"]}


def test_the_25th_id_of_a_question_counts_and_the_26th_does_not(data, run, scrambled, umt, words, settings, clips):
    model = scrambled(UMTAnswering, umt)
    for name, parameter in model.named_parameters():
        if "LayerNorm.weight" in name:
            parameter += 1  # otherwise what one word of many says is lost on the way
    texts = [" ".join("ab" * 12)[: 2 * before] + word for before in (23, 24) for word in "abcdefgh"]
    split = replace(data, questions=tuple(Question(str(i), 0, text, "d") for i, text in enumerate(texts)))
    task = AnsweringTask(model, split, words, settings(), 9)
    run(task, clips(6, umt))
    read, cut = task.store.get(CLIPS, 0, "values")[:, 2].view(2, 8)
    assert read.sort().values.diff().min() > 1e-4
    assert (cut - cut[0]).abs().max() < 1e-5


def test_questions_about_excluded_videos_leave(data, run, scrambled, umt, words, settings, clips):
    outcome = run(AnsweringTask(scrambled(UMTAnswering, umt), data, words, settings(exclude=True), 4), clips(6, umt), bad=(0, 4))
    assert outcome.columns["question"].tolist() == ["q3", "q4", "q5"]
    assert outcome.columns["name"].tolist() == ["v2", "v2", "v3"]


def test_mistakes(data, scrambled, umt, words, settings):
    model = scrambled(UMTAnswering, umt)
    with pytest.raises(ValueError, match="k_test=10 of 9 answers; 1 to 9 would be accepted"):
        AnsweringTask(model, data, words, settings(), 10)
    with pytest.raises(ValueError, match="cuts 3 views"):
        AnsweringTask(model, data, words, settings("swin-ssv2"), 4)
