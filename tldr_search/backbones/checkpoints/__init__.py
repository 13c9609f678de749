"""Weights from files, as published: official checkpoints, state dicts, TorchScript archives, Hugging Face directories and hub ids.

Only tensors are ever read; a file that would run code is refused. Every key of a file is used, or is known to its published form and of
no use to the model that is filled; otherwise one error lists all keys that do not fit and says what the file looks like.
"""

from tldr_search.backbones.checkpoints.files import read_state
from tldr_search.backbones.checkpoints.load import load_answering, load_backbone, load_retrieval

__all__ = ["load_answering", "load_backbone", "load_retrieval", "read_state"]
