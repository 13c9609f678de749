"""CLIP and ViFi-CLIP under OpenAI's names."""

from __future__ import annotations

from tldr_search.backbones.checkpoints.rules import WEIGHT_OR_BIAS as WB
from tldr_search.backbones.checkpoints.rules import Layout, Rule, one_frame, same, table, third, token, transposed


def _third(i: int) -> Rule:
    """Of the bias of OpenAI's fused projection."""
    name = "qkv"[i]
    return Rule(
        r"VISION\.transformer\.resblocks\.(\d+)\.attn\.in_proj_bias",
        rf"vision_encoder.encoder.blocks.\1.attn.{name}_bias",
        lambda x: third(x, i),
    )


_BLOCK = r"vision_encoder.encoder.blocks.\1."
_LAYERS = {
    r"ln_([12])": r"norm\2",
    r"mlp\.c_fc()": "mlp.fc1",
    r"mlp\.c_proj()": "mlp.fc2",
    r"attn\.out_proj()": "attn.proj",
}
_VISION = (
    Rule(r"VISION\.class_embedding", "vision_encoder.encoder.class_token", token),
    Rule(r"VISION\.positional_embedding", "vision_encoder.encoder.positions", table),
    Rule(r"VISION\.conv1\.weight", "vision_encoder.encoder.patch_embed.proj.weight", one_frame),
    Rule(rf"VISION\.ln_pre({WB})", r"vision_encoder.encoder.pre_norm\1"),
    Rule(rf"VISION\.ln_post({WB})", r"vision_encoder.norm\1"),
    Rule(r"VISION\.proj", "vision_encoder.proj.weight", transposed),
    *(Rule(rf"VISION\.transformer\.resblocks\.(\d+)\.{a}({WB})", rf"{_BLOCK}{b}\3") for a, b in _LAYERS.items()),
    Rule(r"VISION\.transformer\.resblocks\.(\d+)\.attn\.in_proj_weight", f"{_BLOCK}attn.qkv.weight"),
    *(_third(i) for i in range(3)),
    same("logit_scale"),
)
_TEXT = (
    r"token_embedding\.weight|positional_embedding|text_projection"
    rf"|ln_final{WB}|transformer\.resblocks\.\d+\.(?:(?:ln_[12]|attn\.out_proj|mlp\.c_fc|mlp\.c_proj){WB}|attn\.in_proj_(?:weight|bias))"
)


def _rules(vision: str, text: str) -> tuple[Rule, ...]:
    """`vision`, `text`: what is in front of the names of either tower."""
    rules = (rule._replace(pattern=rule.pattern.replace("VISION", vision)) for rule in _VISION)
    return (*rules, Rule(rf"{text}({_TEXT})", r"text_encoder.\1"))


VIFI_CLIP = Layout(
    "a ViFi-CLIP",
    ("vifi-clip", "clip"),
    (r"image_encoder\..*",),
    _rules("image_encoder", r"text_encoder\."),
    r"prompt_learner\.(?:complete_text_embeddings|token_prefix|token_suffix)",  # of the classes it was trained on
)
OPENAI_CLIP = Layout(
    "an OpenAI CLIP",
    ("clip", "vifi-clip"),
    (r"visual\..*",),
    _rules("visual", ""),
    r"input_resolution|context_length|vocab_size|(?:.*\.)?attn_mask",
)
CLIP = (
    Layout(
        "a CLIP as saved here",
        ("clip", "vifi-clip"),
        (r"vision_encoder\.encoder\.class_token",),
        (same(r"vision_encoder\..*|logit_scale"), same(rf"text_encoder\.(?:{_TEXT})")),
    ),
    OPENAI_CLIP,
    VIFI_CLIP,
)
