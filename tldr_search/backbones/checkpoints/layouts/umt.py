"""UMT; the names of the published files are the canonical ones."""

from __future__ import annotations

from tldr_search.backbones.checkpoints.rules import WEIGHT_OR_BIAS as WB
from tldr_search.backbones.checkpoints.rules import Layout, Rule, same

_BERT_LAYER = (
    rf"encoder\.layer\.\d+\.(?:(?:attention|crossattention)\.(?:self\.(?:query|key|value)|output\.(?:dense|LayerNorm))"
    rf"|intermediate\.dense|output\.(?:dense|LayerNorm)){WB}"
)
_BERT = rf"embeddings\.(?:(?:word|position|token_type)_embeddings\.weight|LayerNorm{WB})|{_BERT_LAYER}"
_ENCODER = (
    rf"(?:patch_embed\.proj|norm|blocks\.\d+\.(?:norm[12]|attn\.proj|mlp\.fc[12])){WB}"
    r"|blocks\.\d+\.attn\.(?:q_bias|v_bias|qkv\.weight)"
)
_VIDEO = same(rf"vision_encoder\.(?:encoder\.(?:{_ENCODER})|pool_norm{WB})|head{WB}")
_RULES = (
    _VIDEO,
    same(rf"(?:vision_proj|text_proj|itm_head){WB}|temp"),
    Rule(rf"text_encoder\.(?:bert\.)?({_BERT})", r"text_encoder.\1"),  # pretraining has the tower inside a language model
)
_DROPPED = (
    r"clip_teacher\..*|vision_encoder\.clip_decoder\..*|text_encoder\.cls\..*"
    r"|(?:text_encoder|text_decoder)\.(?:bert\.)?embeddings\.position_ids"
)
_DECODER = rf"text_decoder\.(?:bert\.(?:{_BERT})|cls\.predictions\.(?:bias|decoder{WB}|transform\.(?:dense|LayerNorm){WB}))"
QUESTION_ANSWERING = Layout("a UMT question answering checkpoint", ("umt",), (r"text_decoder\..*",), (*_RULES, same(_DECODER)), _DROPPED)
UMT = (
    QUESTION_ANSWERING,
    Layout("a UMT pretraining checkpoint", ("umt",), (r"text_encoder\.bert\..*",), _RULES, _DROPPED),
    Layout("a UMT retrieval checkpoint", ("umt",), (r"vision_encoder\.encoder\..*", r"text_encoder\..*"), _RULES, _DROPPED),
    Layout("the video side of a UMT", ("umt",), (r"vision_encoder\.encoder\..*",), _RULES, _DROPPED),
)
