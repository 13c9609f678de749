"""CLIP as Hugging Face has it."""

from __future__ import annotations

from tldr_search.backbones.checkpoints.rules import WEIGHT_OR_BIAS as WB
from tldr_search.backbones.checkpoints.rules import Layout, Rule, one_frame, same, table, token, transposed

_VISION_LAYERS = {
    r"layer_norm([12])": r"norm\2",
    r"mlp\.fc([12])": r"mlp.fc\2",
    r"self_attn\.out_proj()": "attn.proj",
}
_TEXT_LAYERS = {
    r"layer_norm([12])": r"ln_\2",
    r"mlp\.fc1()": "mlp.c_fc",
    r"mlp\.fc2()": "mlp.c_proj",
    r"self_attn\.out_proj()": "attn.out_proj",
}
_BLOCK = r"vision_encoder.encoder.blocks.\1."
_VISION, _TEXT = r"vision_model\.encoder\.layers\.(\d+)\.", r"text_model\.encoder\.layers\.(\d+)\."
_TEXT_BLOCK = r"text_encoder.transformer.resblocks.\1."
HF_CLIP = Layout(
    "a Hugging Face CLIP",
    ("clip", "vifi-clip"),
    (r"vision_model\..*",),
    (
        Rule(r"vision_model\.embeddings\.class_embedding", "vision_encoder.encoder.class_token", token),
        Rule(r"vision_model\.embeddings\.position_embedding\.weight", "vision_encoder.encoder.positions", table),
        Rule(r"vision_model\.embeddings\.patch_embedding\.weight", "vision_encoder.encoder.patch_embed.proj.weight", one_frame),
        Rule(rf"vision_model\.pre_layrnorm({WB})", r"vision_encoder.encoder.pre_norm\1"),  # its published spelling
        Rule(rf"vision_model\.post_layernorm({WB})", r"vision_encoder.norm\1"),
        Rule(r"visual_projection\.weight", "vision_encoder.proj.weight"),
        *(Rule(rf"{_VISION}{a}({WB})", rf"{_BLOCK}{b}\3") for a, b in _VISION_LAYERS.items()),
        *(Rule(rf"{_VISION}self_attn\.{x}_proj\.weight", f"{_BLOCK}attn.qkv.weight", third=i) for i, x in enumerate("qkv")),
        Rule(rf"{_VISION}self_attn\.([qkv])_proj\.bias", rf"{_BLOCK}attn.\2_bias"),
        Rule(r"text_model\.embeddings\.token_embedding\.weight", "text_encoder.token_embedding.weight"),
        Rule(r"text_model\.embeddings\.position_embedding\.weight", "text_encoder.positional_embedding"),
        Rule(rf"text_model\.final_layer_norm({WB})", r"text_encoder.ln_final\1"),
        Rule(r"text_projection\.weight", "text_encoder.text_projection", transposed),
        *(Rule(rf"{_TEXT}{a}({WB})", rf"{_TEXT_BLOCK}{b}\3") for a, b in _TEXT_LAYERS.items()),
        *(Rule(rf"{_TEXT}self_attn\.{x}_proj\.(weight|bias)", rf"{_TEXT_BLOCK}attn.in_proj_\2", third=i) for i, x in enumerate("qkv")),
        same("logit_scale"),
    ),
    r"(?:vision|text)_model\.embeddings\.position_ids",
)
