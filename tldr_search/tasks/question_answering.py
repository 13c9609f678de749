"""Questions about videos, answered by the likeliest of a list of answers (UMT).

Notation: B videos, Q questions about them, A answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from tldr_search.backbones.output import Output
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.tokenizers import Tokenizer
from tldr_search.backbones.umt import UMTAnswering
from tldr_search.data.benchmarks.split import AnsweringSplit
from tldr_search.scores import Rate
from tldr_search.tasks.memory import fitting
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.said import Said, Samples, likeliest, overlap_of_likeliest
from tldr_search.tasks.single_view import check_single_view
from tldr_search.tasks.task import Rows, Settings, Task
from tldr_search.tasks.texts import as_tokenised

QUESTION_LENGTH = 25
"""Ids of a question at most; longer ones are cut, as published."""
ANSWER_LENGTH = 5
"""Of an answer, with the [CLS] in front; what is cut off may be the [SEP] that ends it."""
QUESTIONS_AT_ONCE = 64


class AnsweringTask(Task):
    """Accuracy: how many of the predicted answers are, letter by letter, the annotated ones."""

    model: UMTAnswering

    def __init__(
        self, model: UMTAnswering, split: AnsweringSplit, tokenizer: Callable[[int], Tokenizer], settings: Settings, k_test: int
    ) -> None:
        """`tokenizer`: given the most ids of a text; `k_test`: answers that are read to the end.

        `ValueError` if there are not as many, or for several views.
        """
        super().__init__(model, [video.name for video in split.videos], settings)
        check_single_view(settings.protocol)
        if not 1 <= k_test <= len(split.answers):
            raise ValueError(f"k_test={k_test} of {len(split.answers)} answers; 1 to {len(split.answers)} would be accepted")
        self._split, self._k_test = split, k_test
        self._questions = tokenizer(QUESTION_LENGTH)(as_tokenised(model.arch, [question.text for question in split.questions]))
        self._answers = tokenizer(ANSWER_LENGTH)([f"{answer} [SEP]" for answer in split.answers])
        first = {answer: row for row, answer in reversed(list(enumerate(split.answers)))}  # of equal answers the first is ahead
        self._first = torch.tensor([first[answer] for answer in split.answers])
        self._right = torch.tensor([first.get(question.answer, -1) for question in split.questions])
        self._of_video: dict[int, list[int]] = {}
        for i, question in enumerate(split.questions):
            self._of_video.setdefault(question.video, []).append(i)

    def prepare(self) -> None:
        """The answers, to the device."""
        self._answers = TextBatch(*(tensor.to(self.device) for tensor in self._answers))

    def features(self, output: Output) -> dict[str, Tensor]:
        """Tokens."""
        return {"tokens": output.tokens}

    def expected(self, videos: Sequence[int]) -> Sequence[int]:
        """Their questions."""
        return sorted(question for video in videos for question in self._of_video.get(video, ()))

    def rows(self, videos: Tensor, features: dict[str, Tensor]) -> Rows:
        """Of each question [Q, 3 + 2 k] float32: predicted answer, rank of the right one among the candidates (else `k_test`), score of
        the predicted one, and all candidates with their probabilities.
        """
        index, values = [torch.empty(0, dtype=torch.int64)], [torch.empty(0, 3 + 2 * self._k_test)]
        for video, tokens in zip(videos.tolist(), features["tokens"], strict=True):
            questions = self._of_video.get(video, [])
            for start in range(0, len(questions), QUESTIONS_AT_ONCE):
                at_once = torch.tensor(questions[start : start + QUESTIONS_AT_ONCE])
                for asked, answered in fitting(partial(self._answer, tokens=tokens), at_once):
                    index.append(asked)
                    values.append(answered)
        return Rows(torch.cat(index), torch.cat(values))

    def _answer(self, questions: Tensor, tokens: Tensor) -> Tensor:
        """Questions [Q] about the video of these tokens [1, K, C] -> [Q, 3 + 2 k]."""
        mask = self._questions.mask[questions]
        longest = int(mask.sum(dim=1).max())
        asked = TextBatch(self._questions.ids[questions, :longest].to(self.device), mask[:, :longest].to(self.device))
        states = self.model.question_states(asked, tokens)
        found = self.model.rank_answers(states, asked.mask, self._answers, self._k_test)
        answers = found.answers.cpu()
        right = answers == self._right[questions, None]
        ranks = right.int().argmax(dim=1).where(right.any(dim=1), self._k_test)
        scores = found.scores.cpu()
        best = torch.stack([answers[:, 0].float(), ranks.float(), scores[:, 0]], dim=1)
        return torch.cat([best, likeliest(answers, scores.softmax(dim=1))], dim=1)

    def score(self, rows: Rows) -> Outcome:
        """`accuracy` in per cent; `ValueError` if nothing is asked about the videos."""
        if not len(rows.index):
            raise ValueError(f"no question is about the {len(self.videos)} videos; a larger part of the split would be accepted")
        questions = [self._split.questions[i] for i in rows.index]
        predicted = np.array([self._split.answers[i] for i in rows.values[:, 0].long()])
        annotated = np.array([question.answer for question in questions])
        hits = (predicted == annotated).astype(float)
        ids = tuple(question.id for question in questions)
        videos = np.array([question.video for question in questions])
        columns = {
            "question": np.array(ids),
            "name": np.array([self.names[video] for video in videos]),
            "answer": annotated,
            "predicted": predicted,
            "rank": rows.values[:, 1].long().numpy() + 1,
        }
        of = Samples(ids, videos)
        said = Said(self._first[rows.values[:, 0].long()].numpy(), of, rows.values[:, 3:], of, overlap_of_likeliest)
        return Outcome({"accuracy": float(100 * hits.mean())}, {"accuracy": Rate(hits, videos, ids)}, columns, said)
