"""The table of methods: a new one is a file beside this one and a row here. Never imports torch."""

from __future__ import annotations

import dataclasses

from tldr_search.names import near
from tldr_search.reducers.method import Method, Option, Options, PerLayer, Staged, Unreduced, all_but_one, half
from tldr_search.schedule import Geometry

__all__ = ["METHODS", "NONE", "Method", "PerLayer", "Staged", "get_method"]


def _token_width(options: Options, geometry: Geometry) -> int:
    return geometry.dim


def _by_rollout(options: Options) -> bool:
    return options["score"] == "rollout"


def _always(options: Options) -> bool:
    return True


def _tome_width(options: Options, geometry: Geometry) -> int:
    return geometry.dim if options["metric"] == "features" else geometry.head_dim


METHODS: dict[str, Method] = {
    row.name: row
    for row in (
        PerLayer(
            "vid-tldr",
            "merge by similarity, background fading by the entropy of its attention",
            "vid-TLDR (CVPR 2024), as released",
            True,
            "vid_tldr:build",
            limit=half,
            match_width=_token_width,
            observing=_by_rollout,
            options=(
                Option(
                    "score",
                    "saliency",
                    ("saliency", "attentiveness", "rollout"),
                    "what tells the background: a token's own attention, or as in Table 7 what it receives, in its layer or in all of them",
                ),
            ),
            ours="CLIP: within each frame; class tokens stay and take no part in saliency",
        ),
        PerLayer(
            "tome",
            "merge by similarity",
            "ToMe (ICLR 2023), as released",
            True,
            "tome:build",
            limit=half,
            match_width=_tome_width,
            options=(
                Option("metric", "keys", ("keys", "features"), "what is compared: head-mean keys, or tokens as in vid-TLDR's tables"),
                Option("sorted", "auto", ("auto", "on", "off"), "unmerged tokens in their old order; auto: only beside a class token"),
                Option("proportional", "on", ("on", "off"), "attention biased by the log of each token's size"),
            ),
            ours="CLIP: within each frame; class tokens stay, as in images",
        ),
        Staged(
            "sta",
            "prune what the frames before already showed, unless it is salient",
            "STA (ICCV 2023), as released",
            False,
            "sta:build",
            ours="UMT: T, T/2, T/4 groups; CLIP: every frame a group at all stages, without class tokens; Swin: cells, between stages",
        ),
        PerLayer(
            "attentiveness",
            "prune the tokens that receive least attention",
            "vid-TLDR Eq. 3",
            False,
            "top_k:attentiveness",
            limit=all_but_one,
            ours="CLIP: within each frame, class tokens take no part; Swin: cells, between stages",
        ),
        PerLayer(
            "saliency-pruning",
            "prune the tokens whose own attention is least sharp",
            "vid-TLDR Table 7",
            False,
            "top_k:saliency_pruning",
            limit=all_but_one,
            ours="CLIP: within each frame, class tokens take no part; Swin: cells, between stages",
        ),
        PerLayer(
            "rollout",
            "prune the tokens that attention followed through all layers reaches least",
            "vid-TLDR Table 7; Abnar and Zuidema (ACL 2020)",
            False,
            "top_k:rollout",
            limit=all_but_one,
            observing=_always,
            ours="CLIP: within each frame, class tokens take no part",
        ),
        PerLayer(
            "random",
            "prune at random, the same places in every clip",
            "baseline",
            False,
            "random_drop:build",
            limit=all_but_one,
            ours="everywhere",
            options=(Option("seed", "0", (), "another number drops other places"),),
        ),
    )
}
"""Every method that removes tokens, by name."""

NONE: Method = Unreduced("none", "nothing is removed", "baseline", False, "")
"""The unreduced model."""


def get_method(spec: str | Method) -> Method:
    """`"tome:metric=features:sorted=on"` -> the row with these options; `none` is accepted, and so is a `Method`.

    `ValueError` for an unknown name, option or value says which and what is near.
    """
    if isinstance(spec, Method):
        return spec
    name, *pairs = spec.split(":")
    table = METHODS | {NONE.name: NONE}
    if name not in table:
        raise ValueError(f"unknown method {name!r}; {near(name, table)}")
    method = table[name]
    chosen: dict[str, str] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        option = _option(method, key)
        if key in chosen:
            raise ValueError(f"{name}: option {key!r} is given twice in {spec!r}")
        chosen[key] = option.check(value)
    changed = (option for option in method.options if chosen.get(option.name, option.default) != option.default)
    return dataclasses.replace(method, chosen=tuple((option.name, chosen[option.name]) for option in changed))


def _option(method: Method, key: str) -> Option:
    options = {option.name: option for option in method.options}
    if not options:
        raise ValueError(f"{method.name} has no options, but {key!r} was given")
    if key not in options:
        raise ValueError(f"{method.name}: unknown option {key!r}; {near(key, options)}")
    return options[key]
