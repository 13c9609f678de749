"""What a model says of a single video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tldr_search.assembly import decoder, load_model
from tldr_search.backbones.architectures import PACKAGED
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.output import Output
from tldr_search.backbones.text.batch import TextBatch
from tldr_search.backbones.text.tokenizers import tokenizer_of
from tldr_search.backbones.umt import UMTRetrieval
from tldr_search.config import AnswerConfig
from tldr_search.data.benchmarks.demo import CLASSES
from tldr_search.data.decoding import BadVideo
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.tasks.task import normalise
from tldr_search.tasks.texts import as_tokenised

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Answer(NamedTuple):
    """One of the possible answers."""

    name: str
    score: float
    """Probability of a class; cosine similarity of a caption."""


def answer(config: AnswerConfig, video: Path, method: str, schedule: tuple[int, ...]) -> list[Answer]:
    """Captions or classes, the best first; `ValueError` if the video cannot be read."""
    model = load_model(config)
    with decoder(config) as source:
        (views,) = source.read([video], config.cut)
    if isinstance(views, BadVideo):
        raise ValueError(f"{video}: {views.reason}")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device)
    clips = normalise(torch.from_numpy(views.copy()).to(device), PROTOCOLS[config.cut.protocol])
    autocast = torch.autocast(device.type, PRECISIONS[config.precision], enabled=config.precision != "fp32")
    with torch.inference_mode(), autocast:
        parts = [_scores(config, model, model(some, method=method, schedule=schedule)) for some in torch.split(clips, config.batch_size)]
    names, scores = parts[0][0], torch.cat([part.double() for _, part in parts]).mean(dim=0).cpu()
    order = scores.argsort(descending=True, stable=True).tolist()
    return [Answer(names[i], scores[i].item()) for i in order]


def _scores(config: AnswerConfig, model: nn.Module, output: Output) -> tuple[Sequence[str], Tensor]:
    """Names, and for each view the scores of captions (cosine) or classes (probability): [views, names]."""
    if config.captions:
        return config.captions, _similarity(config, model, config.captions, output)
    if output.logits is None:
        assert isinstance(model, CLIPRetrieval)
        names = _names(config)
        prompts = [config.prompt.format(name) for name in names]
        logits = model.logit_scale.exp() * _similarity(config, model, prompts, output)
    else:
        logits = output.logits
        names = _names(config) or [f"class {i}" for i in range(logits.shape[1])]
    if len(names) != logits.shape[1]:
        raise ValueError(f"classes: {config.classes} names {len(names)}; the {logits.shape[1]} of {config.model} would be accepted")
    return names, logits.double().softmax(dim=-1)


def _similarity(config: AnswerConfig, model: nn.Module, texts: Sequence[str], output: Output) -> Tensor:
    """[views, texts]"""
    assert isinstance(model, CLIPRetrieval | UMTRetrieval)
    words = tokenizer_of(config.evaluated, config.words)(as_tokenised(config.evaluated, texts))
    features = model.embed_text(TextBatch(words.ids.to(output.pooled.device), words.mask.to(output.pooled.device)))
    return model.embed_video(output.pooled) @ features.T


def _names(config: AnswerConfig) -> Sequence[str]:
    if config.classes is None:
        return CLASSES if config.model in PACKAGED else ()
    try:
        names = Path(config.classes).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"classes: {config.classes} is no text ({error}); UTF-8, one name a line, would be accepted") from error
    if not names or not all(name.strip() for name in names):
        raise ValueError(f"classes: {config.classes} is empty or has an empty line; one name a line would be accepted")
    return names
