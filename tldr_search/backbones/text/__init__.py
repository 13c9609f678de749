"""Texts: how they become ids, and the towers that read them."""

from tldr_search.backbones.text.batch import TextBatch

__all__ = ["TextBatch"]
