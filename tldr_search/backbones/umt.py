"""UMT: a video encoder with a pooled feature; alone, for retrieval, and for question answering, under the published parameter names.

Notation: B clips, texts or questions, K tokens of a clip, L ids of a text, A answers of M ids, C channels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.backbones.encoder import VideoEncoder
from tldr_search.backbones.output import Output, reduction
from tldr_search.backbones.prefixes import PrefixesOfClips
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.bert import Memory, TextEncoder
from tldr_search.backbones.text.decoder import AnswerDecoder
from tldr_search.reducers import Method
from tldr_search.winners import Scheduled

IGNORED = -100
"""Label of a position that does not count."""


class Ranking(NamedTuple):
    """The best answers to each question, best first; equals in the order of the list."""

    scores: Tensor
    """[B, k] float32; their softmax is what the published code calls the probability."""
    answers: Tensor
    """[B, k] int64, rows of the list of answers."""


class VisionTower(nn.Module):
    """The encoder and, but for question answering, the norm of its mean token."""

    def __init__(self, arch: PlainArchitecture, *, pool_norm: bool) -> None:
        super().__init__()
        self.encoder = VideoEncoder(arch)
        self.pool_norm = nn.LayerNorm(arch.dim, eps=arch.norm_eps) if pool_norm else nn.Identity()

    def pool(self, tokens: Tensor) -> Tensor:
        """[B, K, C] -> [B, C]: plain mean, not weighted by size, then the norm (UMT; keep_temporal off)."""
        pooled: Tensor = self.pool_norm(tokens.mean(dim=1))
        return pooled


class UMTVideo(nn.Module):
    """The video side alone, under the names it has in a full checkpoint; a linear classifier where the row asks for one."""

    def __init__(self, arch: PlainArchitecture, *, pool_norm: bool = True) -> None:
        """`pool_norm` False: the pooled feature is the plain mean, as question answering checkpoints have no norm for it."""
        super().__init__()
        self.arch = arch
        self.vision_encoder = VisionTower(arch, pool_norm=pool_norm)
        self.head = nn.Linear(arch.dim, arch.num_classes) if arch.num_classes else None

    def forward(
        self, video: Tensor, method: str | Method = "none", schedule: Scheduled = (), prefixes: PrefixesOfClips | None = None
    ) -> Output:
        """`video` [B, 3, T, H, W], normalised -> `Output`; `prefixes` of these clips: what is there is not computed again.

        `ValueError` if the schedule is impossible.
        """
        encoded = self.vision_encoder.encoder(video, *reduction(self.arch, method, schedule), prefixes)
        tokens = encoded.tokens.flatten(1, 2)
        pooled = self.vision_encoder.pool(tokens)
        logits = None if self.head is None else self.head(pooled)
        return Output(tokens, encoded.size.flatten(1), pooled, logits, encoded.source)


class UMTRetrieval(UMTVideo):
    """Both towers, their projections into the joint space, and the head that re-ranks pairs where the text tower has fusion layers.

    Re-ranking costs least video by video: `prepare` a video, `match` all its candidate texts with it, forget it.
    """

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__(arch)
        assert arch.text is not None
        self.text_encoder = TextEncoder(arch.text, arch.dim)
        self.vision_proj = nn.Linear(arch.dim, arch.embed_dim)
        self.text_proj = nn.Linear(arch.text.dim, arch.embed_dim)
        self.temp = nn.Parameter(torch.tensor(0.07))
        self.itm_head = nn.Linear(arch.text.dim, 2) if arch.text.fusion_layers else None

    def embed_video(self, pooled: Tensor) -> Tensor:
        """[B, C] -> [B, E] unit vectors."""
        return F.normalize(self.vision_proj(pooled), dim=-1)

    def embed_text(self, text: TextBatch) -> Tensor:
        """-> [B, E] unit vectors, from the hidden state of [CLS]."""
        return self.embed_states(self.text_encoder(text))

    def embed_states(self, states: Tensor) -> Tensor:
        """Hidden states [B, L, C] of `text_encoder`, which `match` needs too -> [B, E] unit vectors."""
        return F.normalize(self.text_proj(states[:, 0]), dim=-1)

    def prepare(self, tokens: Tensor) -> Memory:
        """`Output.tokens` [V, K, C] of videos -> what `match` needs of them; it does not depend on the texts."""
        return self.text_encoder.prepare(tokens)

    def match(self, states: Tensor, mask: Tensor, videos: Memory) -> Tensor:
        """Hidden states [B, L, C] of `text_encoder` and their mask [B, L], prepared videos -> [B] float32, the raw logit of "match".

        B is a multiple of the number V of videos: the first B / V texts meet the first video, and so on. `ValueError` for a model
        without layers that look at text and video together.
        """
        if self.itm_head is None:
            raise ValueError(
                f"{self.arch.name} has no layers that match texts with videos (fusion_layers=0); umt-b or umt-l would be accepted"
            )
        logits: Tensor = self.itm_head(self.text_encoder.fuse(states, mask, videos)[:, 0])
        return logits[:, 1].float()


class UMTAnswering(UMTVideo):
    """The video side without its pooled norm, the text tower, all of whose layers read a question, and the decoder."""

    def __init__(self, arch: PlainArchitecture) -> None:
        super().__init__(arch, pool_norm=False)
        if arch.text is None or not arch.text.decoder_layers:
            raise ValueError(f"{arch.name} has no decoder of answers (decoder_layers=0); umt-b or umt-l would be accepted")
        self.text_encoder = TextEncoder(arch.text, arch.dim)
        self.text_decoder = AnswerDecoder(arch.text)

    def question_states(self, questions: TextBatch, tokens: Tensor) -> Tensor:
        """Questions about V videos, B / V of each on end, and the videos' `Output.tokens` [V, K, C] -> hidden states [B, L, C]."""
        states = self.text_encoder(questions)
        return self.text_encoder.fuse(states, questions.mask, self.text_encoder.prepare(tokens))

    def rank_answers(self, states: Tensor, mask: Tensor, answers: TextBatch, k_test: int = 128) -> Ranking:
        """Hidden states [B, L, C] and mask [B, L] of the questions; the list of answers, each tokenised as `answer [SEP]`.

        The `k_test` answers with the likeliest first token are scored: log p(first token) + log p(whole answer), so that the first
        token counts twice, as published. `ValueError` if the list has fewer than `k_test` answers.
        """
        if not 1 <= k_test <= len(answers.ids):
            raise ValueError(f"k_test={k_test} of {len(answers.ids)} answers; 1 to {len(answers.ids)} would be accepted")
        questions = self.text_decoder.prepare(states, mask)
        first = self._first_token(questions, answers)
        log_p, candidates = (x[:, :k_test] for x in first.sort(dim=1, descending=True, stable=True))
        # question by question: the logits of all would be B x k x M x words
        whole = [self._log_likelihood(questions.at(i), _rows(answers, rows)) for i, rows in enumerate(candidates)]
        scores, order = (log_p + torch.stack(whole)).sort(dim=1, descending=True, stable=True)
        return Ranking(scores, candidates.gather(1, order))

    def _first_token(self, questions: Memory, answers: TextBatch) -> Tensor:
        """-> [B, A] log-probability that an answer begins as each does; all begin with [CLS]."""
        count = len(questions.layers[0].keys)
        start = TextBatch(answers.ids[:1, :1].expand(count, 1), answers.mask[:1, :1].expand(count, 1))
        logits: Tensor = self.text_decoder(start, questions)
        return logits[:, 0].float().log_softmax(dim=-1)[:, answers.ids[:, 1]]

    def _log_likelihood(self, question: Memory, answers: TextBatch) -> Tensor:
        """-> [A] sum over the tokens after [CLS] of their log-probability, padding left out."""
        logits = self.text_decoder(TextBatch(answers.ids[:, :-1], answers.mask[:, :-1]), question)
        target = answers.ids.masked_fill(~answers.mask, IGNORED)[:, 1:]
        return -F.cross_entropy(logits.float().transpose(1, 2), target, ignore_index=IGNORED, reduction="none").sum(dim=1)


def _rows(texts: TextBatch, rows: Tensor) -> TextBatch:
    return TextBatch(texts.ids[rows], texts.mask[rows])
