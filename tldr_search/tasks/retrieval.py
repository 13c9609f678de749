"""Video-text retrieval: by the similarity of the two towers' features, and by looking at likely pairs together.

Notation: V videos, M texts (of those that are left where videos are excluded), E the width of the joint space; B videos of a batch.
"""

from __future__ import annotations

import torch
from torch import Tensor
from tqdm import tqdm

from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.output import Output
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.tokenizers import Tokenizer
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.data.benchmarks.split import RetrievalSplit
from tldr_search.tasks.gallery import BothWays, Gallery
from tldr_search.tasks.outcome import Outcome
from tldr_search.tasks.ranks import check_failure
from tldr_search.tasks.reranking import NO_CANDIDATE, candidates, match
from tldr_search.tasks.single_view import check_single_view
from tldr_search.tasks.task import CLIPS, Rows, Settings, Task
from tldr_search.tasks.texts import TextStates, as_tokenised, clip_features, in_batches

ITC = "itc_"


class RetrievalTask(Task):
    """Ranks every video for every text and every text for every video: `t2v_*`, `v2t_*`, and `mean_*` of both, the papers' number.

    Where pairs are looked at together, these are of the second ranking, and those of the first begin with `itc_`. A query that has no
    right candidate among those looked at ranks behind all others then: median and mean rank (`*_mdr`, `*_mnr`) depend on `k_test`.
    Texts that reach the tokenizer as the same string are one candidate, whichever videos they are annotated for (see `Gallery`).
    """

    model: UMTRetrieval | CLIPRetrieval

    def __init__(
        self, model: UMTRetrieval | CLIPRetrieval, split: RetrievalSplit, tokenizer: Tokenizer, settings: Settings, k_test: int
    ) -> None:
        """`k_test`: candidates of each query that are looked at together with it; 0 for none, as with a model that cannot."""
        super().__init__(model, [video.name for video in split.videos], settings)
        check_single_view(settings.protocol)
        assert k_test >= 0
        self._split, self._tokenizer = split, tokenizer
        self._texts = as_tokenised(model.arch, split.texts)
        self._k_test = k_test if isinstance(model, UMTRetrieval) and model.itm_head is not None else 0

    def prepare(self) -> None:
        """Features of all texts; their hidden states, too, where they meet videos."""
        texts = self._tokenizer(self._texts)
        if isinstance(self.model, CLIPRetrieval):
            self.text = clip_features(self.model, texts, self.device)
        else:
            self._prepare_umt(self.model, texts)

    def _prepare_umt(self, model: UMTRetrieval, texts: TextBatch) -> None:
        self._states = TextStates(texts.mask.sum(dim=1))
        self.text = torch.empty(len(texts.ids), model.arch.embed_dim)
        for rows, states in in_batches(texts, self.device, model.text_encoder):
            with torch.autocast(self.device.type, enabled=False):
                self.text[rows] = model.embed_states(states.float()).cpu()
            if self._k_test:
                self._states.put(rows, states)

    @property
    def stored(self) -> tuple[str, ...]:
        """What meets the texts."""
        return ("tokens",) if self._k_test else ()

    def features(self, output: Output) -> dict[str, Tensor]:
        """Pooled features and, for re-ranking, tokens."""
        return {"pooled": output.pooled} | ({"tokens": output.tokens} if self._k_test else {})

    def rows(self, videos: Tensor, features: dict[str, Tensor]) -> Rows:
        """Embeddings [B, E], in float32 also under autocast: rounding would make ties."""
        with torch.autocast(self.device.type, enabled=False):
            return Rows(videos, self.model.embed_video(features["pooled"][:, 0].float()))

    def score(self, rows: Rows) -> Outcome:
        """R@1, 5, 10, median and mean rank, both ways."""
        gallery = Gallery(self._split, rows.index, self._texts)
        with torch.autocast("cpu", enabled=False):
            similarity = rows.values @ self.text[gallery.texts].T
        similarity = self.trainer.strategy.broadcast(similarity)  # ranks must agree on the candidates to the last bit
        alone = BothWays(similarity, similarity)
        if not self._k_test:
            return gallery.outcome({"": alone}, rows.values)
        found = candidates(similarity, self._k_test)
        logits = self._match(found.either, found.stage(rows.index, gallery.texts), gallery)
        again = BothWays(*(logits.masked_fill(~pairs, NO_CANDIDATE) for pairs in found))
        return gallery.outcome({"": again, ITC: alone}, rows.values)

    def _match(self, pairs: Tensor, stage: str, gallery: Gallery) -> Tensor:
        """Pairs [V, M] bool -> their logits [V, M] float32. Every rank sees to its own batches; finished ones are read."""
        finished = self.store.batches(stage)
        for batch in tqdm(self.own, desc="re-rank", unit="batch", disable=not (self.bar and self.trainer.is_global_zero), leave=False):
            check_failure()
            if batch not in finished:
                videos = self.store.get(CLIPS, batch, "videos")
                logits = [self._match_video(batch, i, pairs[gallery.row[v]], gallery) for i, v in enumerate(videos.tolist())]
                self.store.put(stage, batch, {"index": videos, "values": torch.stack(logits)})
        rows = [Rows(self.store.get(stage, batch, "index"), self.store.get(stage, batch, "values")) for batch in self.own]
        return self.collect(rows).values

    def _match_video(self, batch: int, row: int, pairs: Tensor, gallery: Gallery) -> Tensor:
        """The video in a row of a batch, its texts [M] bool -> logits [M] float32."""
        assert isinstance(self.model, UMTRetrieval)
        tokens = self.store.row(CLIPS, batch, "tokens", row)[0].to(self.device)
        logits = torch.full(pairs.shape, NO_CANDIDATE)
        logits[pairs] = match(self.model, tokens, self._states, gallery.texts[pairs])
        return logits
