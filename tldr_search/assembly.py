"""From a config to what measures it: annotations read, weights loaded, the task put together."""

from __future__ import annotations

import os

from torch import nn

from tldr_search.backbones.checkpoints import load_answering, load_backbone, load_retrieval
from tldr_search.backbones.clip import CLIPRetrieval
from tldr_search.backbones.families import VideoSide
from tldr_search.backbones.text.tokenizers import tokenizer_of
from tldr_search.backbones.umt import UMTAnswering, UMTRetrieval
from tldr_search.config import Settings
from tldr_search.config.able import ANSWERING, CLASSIFICATION
from tldr_search.config.paths import expanded
from tldr_search.data.benchmarks import BENCHMARKS
from tldr_search.data.benchmarks.split import AnsweringSplit, BaseToNovelSplit, ClassificationSplit, RetrievalSplit, Split
from tldr_search.data.cache import FrameCache, default_directory
from tldr_search.data.decoding import Decoder
from tldr_search.data.module import Clips
from tldr_search.data.protocols import PROTOCOLS
from tldr_search.tasks.base_to_novel import BaseToNovelTask
from tldr_search.tasks.classification import ClassificationTask
from tldr_search.tasks.prompts import Prompts
from tldr_search.tasks.question_answering import AnsweringTask
from tldr_search.tasks.retrieval import RetrievalTask
from tldr_search.tasks.task import Settings as Running
from tldr_search.tasks.task import Task

GIB = 2**30


def read_split(config: Settings, split: str) -> Split:
    """The annotations; `ValueError` for what is malformed."""
    return BENCHMARKS[config.benchmark].reader(config.source(split))


def decoder(config: Settings) -> Decoder:
    """Decoding processes and their cache; closed by whoever asks for it."""
    directory = expanded(config.cache_dir) if config.cache_dir else default_directory()
    writers = config.decoders * int(os.environ.get("WORLD_SIZE", 1))
    cache = FrameCache(directory, config.cache_gib * GIB, writers) if config.cache else None
    return Decoder(config.decoders, config.deadline, cache)


def clips(config: Settings, split: Split, source: Decoder) -> Clips:
    """The views of a split."""
    return Clips(split.videos, config.cut, PROTOCOLS[config.cut.protocol].num_views, source)


def load_model(config: Settings) -> nn.Module:
    """The model that the task needs, its weights loaded; `ValueError` for what does not fit."""
    arch = config.evaluated
    fields = {"frames": arch.frames, "num_classes": arch.num_classes}
    if config.measures == ANSWERING:
        return load_answering(config.model, config.weights, **fields)
    if config.measures == CLASSIFICATION and arch.num_classes:
        return load_backbone(config.model, config.weights, **fields)
    return load_retrieval(config.model, config.weights, config.base_weights, **fields)


def make_task(config: Settings, split: Split, model: nn.Module) -> Task:
    """What measures the model on the split; `ValueError` if the two do not fit."""
    running = Running(PROTOCOLS[config.cut.protocol], config.batch_size, config.on_bad_video == "exclude")
    match split:
        case RetrievalSplit():
            assert isinstance(model, UMTRetrieval | CLIPRetrieval)
            return RetrievalTask(model, split, tokenizer_of(config.evaluated, config.words, config.text_length), running, config.k_test)
        case ClassificationSplit():
            assert isinstance(model, VideoSide)
            return ClassificationTask(model, split, running, _prompts(config) if isinstance(model, CLIPRetrieval) else None)
        case BaseToNovelSplit():
            assert isinstance(model, CLIPRetrieval)
            return BaseToNovelTask(model, split, running, _prompts(config))
        case AnsweringSplit():
            assert isinstance(model, UMTAnswering)
            return AnsweringTask(model, split, lambda most: tokenizer_of(config.evaluated, config.words, most), running, config.k_test)
    raise AssertionError(f"no task for {type(split).__name__}")


def _prompts(config: Settings) -> Prompts:
    return Prompts(tokenizer_of(config.evaluated, config.words), config.prompt)
