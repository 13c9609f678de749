"""The published forms of checkpoints: one row each."""

from tldr_search.backbones.checkpoints.layouts.clip import CLIP
from tldr_search.backbones.checkpoints.layouts.hugging_face_clip import HF_CLIP
from tldr_search.backbones.checkpoints.layouts.swin import SWIN
from tldr_search.backbones.checkpoints.layouts.umt import UMT
from tldr_search.backbones.checkpoints.layouts.videomae import VIDEOMAE
from tldr_search.backbones.checkpoints.rules import Layout

LAYOUTS: tuple[Layout, ...] = (*CLIP, HF_CLIP, *UMT, *VIDEOMAE, *SWIN)
"""In the order in which they are tried."""
