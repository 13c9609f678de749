"""The plain transformer's multiply-adds. Notation: n tokens of a sequence enter a layer, n' = n - r leave it, C channels."""

from __future__ import annotations

from tldr_search.backbones.architecture import PlainArchitecture
from tldr_search.cost.count import Cost, LayerCost
from tldr_search.reducers import Method
from tldr_search.schedule import Schedule


def count(arch: PlainArchitecture, method: Method, removed: Schedule) -> Cost:
    """`removed[l]` tokens leave each sequence in block l."""
    n, layers = arch.num_tokens, []
    for layer, r in enumerate(removed):
        layers.append(_block(arch, method, layer, n, r))
        n -= r
    seen = observation(arch) if method.observes and any(removed) else 0
    return Cost(embedding(arch), tuple(layers), tail(arch, n), seen)


def _block(arch: PlainArchitecture, method: Method, layer: int, n: int, r: int) -> LayerCost:
    c, clip = arch.dim, arch.sequences
    in_mlp = n if method.after_mlp else n - r
    return LayerCost(
        tokens_in=n,
        tokens_out=n - r,
        attention=clip * (4 * n * c**2 + 2 * n**2 * c + 5 * n * c),
        decision=method.decision_macs(layer, n, r, arch.geometry),
        mlp=clip * (2 * arch.mlp_ratio * in_mlp * c**2 + 5 * in_mlp * c),
    )


def observation(arch: PlainArchitecture) -> int:
    """Patches to tokens, all blocks unreduced (of the last one only norm, queries, keys and their product), and the rollout.

    The rollout is a product of a vector with the attention of all but class tokens, in each block.
    """
    n, m, c = arch.num_tokens, arch.num_tokens - arch.geometry.protected, arch.dim
    block = 4 * n * c**2 + 2 * n**2 * c + 2 * arch.mlp_ratio * n * c**2 + 10 * n * c
    last = 2 * n * c**2 + n**2 * c + 5 * n * c
    return embedding(arch) + arch.sequences * ((arch.depth - 1) * block + last + arch.depth * m**2)


def embedding(arch: PlainArchitecture) -> int:
    """Pixels to tokens, and a norm where one follows."""
    patches = arch.num_patches * arch.dim * 3 * arch.tubelet * arch.patch_size**2
    return patches + (5 * arch.sequences * arch.num_tokens * arch.dim if arch.pre_norm else 0)


def tail(arch: PlainArchitecture, n: int) -> int:
    """UMT: final norm of n tokens and norm of their mean. VideoMAE: norm of the mean, classifier. CLIP: class token, projection."""
    c = arch.dim
    if arch.tail == "tokens":
        return 5 * arch.sequences * n * c + 5 * c
    if arch.tail == "mean":
        return 5 * c + c * arch.num_classes
    return arch.sequences * (5 * c + c * arch.embed_dim)
