"""Video Swin; mmaction2's names without what is in front of them are the canonical ones."""

from __future__ import annotations

from tldr_search.backbones.checkpoints.rules import WEIGHT_OR_BIAS as WB
from tldr_search.backbones.checkpoints.rules import Layout, Rule, same

_STAGES = tuple(
    rule
    for stage in range(4)
    for rule in (
        Rule(rf"features\.{2 * stage}\.(\d+)\.((?:norm[12]|attn\.qkv|attn\.proj){WB})", rf"layers.{stage}.blocks.\1.\2"),
        Rule(rf"features\.{2 * stage}\.(\d+)\.(attn\.relative_position_bias_table)", rf"layers.{stage}.blocks.\1.\2"),
        Rule(rf"features\.{2 * stage}\.(\d+)\.mlp\.0({WB})", rf"layers.{stage}.blocks.\1.mlp.fc1\2"),
        Rule(rf"features\.{2 * stage}\.(\d+)\.mlp\.3({WB})", rf"layers.{stage}.blocks.\1.mlp.fc2\2"),
        Rule(rf"features\.{2 * stage + 1}\.((?:norm|reduction){WB})", rf"layers.{stage}.downsample.\1"),
    )
)
SWIN = (
    Layout(
        "a Video Swin of mmaction2",
        ("swin",),
        (r"(?:backbone\.)?layers\.0\.blocks\.0\.attn\.relative_position_bias_table",),
        (Rule(r"(?:backbone\.)?((?:patch_embed|layers|norm)\..*)", r"\1"), Rule(rf"(?:cls_head\.fc_cls|head)({WB})", r"head\1")),
        r"(?:backbone\.)?layers\.\d+\.blocks\.\d+\.attn\.relative_position_index",
    ),
    Layout(
        "a Video Swin of torchvision",
        ("swin",),
        (r"features\.0\.0\.attn\.relative_position_bias_table",),
        (same(rf"(?:patch_embed\.(?:proj|norm)|norm|head){WB}"), *_STAGES),
        r"features\.\d+\.\d+\.attn\.relative_position_index",
    ),
)
