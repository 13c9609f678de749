"""VideoMAE classifiers, as published and as Hugging Face has them."""

from __future__ import annotations

from tldr_search.backbones.checkpoints.rules import WEIGHT_OR_BIAS as WB
from tldr_search.backbones.checkpoints.rules import Layout, Rule, same

_LAYERS = {
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    r"attention\.output\.dense": "attn.proj",
    r"intermediate\.dense": "mlp.fc1",
    r"output\.dense": "mlp.fc2",
}
_THEIRS, _OURS = r"(?:videomae\.)?encoder\.layer\.(\d+)\.", r"encoder.blocks.\1."
HF_VIDEOMAE = Layout(
    "a Hugging Face VideoMAE",
    ("videomae",),
    (r"videomae\..*", r"classifier\..*"),
    (
        Rule(rf"(?:videomae\.)?embeddings\.patch_embeddings\.projection({WB})", r"encoder.patch_embed.proj\1"),
        *(Rule(rf"{_THEIRS}{a}({WB})", rf"{_OURS}{b}\2") for a, b in _LAYERS.items()),
        *(
            Rule(rf"{_THEIRS}attention\.attention\.{part}\.weight", f"{_OURS}attn.qkv.weight", third=i)
            for i, part in enumerate(("query", "key", "value"))
        ),
        # hub files, and what transformers 5 may write instead
        Rule(rf"{_THEIRS}attention\.attention\.(?:q_bias|query\.bias)", f"{_OURS}attn.q_bias"),
        Rule(rf"{_THEIRS}attention\.attention\.(?:v_bias|value\.bias)", f"{_OURS}attn.v_bias"),
        same(rf"fc_norm{WB}"),
        Rule(rf"classifier({WB})", r"head\1"),
    ),
)
_IN_TRAINING = r"(?:backbone\.|encoder\.)?"
_NO_CLASSIFIER = r"(?:videomae\.)?encoder\.layer\.\d+\.attention\.attention\.q_bias|videomae\..*"
VIDEOMAE = (
    HF_VIDEOMAE._replace(
        name="the pretraining of a Hugging Face VideoMAE, which has no classifier", families=(), marks=(r"videomae\..*", "mask_token")
    ),
    HF_VIDEOMAE._replace(
        name="a Hugging Face VideoMAE that classifies the first token, not the mean",
        families=(),
        marks=(r"videomae\.layernorm\..*", r"classifier\..*"),
    ),
    HF_VIDEOMAE,
    HF_VIDEOMAE._replace(name="a Hugging Face VideoMAE without a classifier", families=(), marks=(_NO_CLASSIFIER,)),
    Layout("the pretraining of a VideoMAE, which has no classifier", (), (r"(?:.*\.)?mask_token",)),
    Layout(
        "a VideoMAE",
        ("videomae",),
        (rf"{_IN_TRAINING}patch_embed\.proj\.weight", rf"{_IN_TRAINING}blocks\.0\.attn\.q_bias"),
        (
            Rule(rf"{_IN_TRAINING}((?:patch_embed|blocks)\..*)", r"encoder.\1"),
            Rule(rf"{_IN_TRAINING}((?:fc_norm|head){WB})", r"\1"),
        ),
    ),
)
