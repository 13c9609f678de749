"""What a schedule costs, layer by layer, in fvcore's convention. Never imports torch.

One multiply-add counts 1. Counted: patch embedding, every linear layer, every matrix product (those that decide which tokens
leave included), 5 per element of a LayerNorm. Not counted: biases, softmax, GELU, residuals, sorting, gathering. GFLOPs are
this count / 1e9 of the vision encoder for one clip: no text tower, no projection of UMT's.
"""

from tldr_search.cost.budget import COUNTED, UNITS, Amount, Budget, parse_budget
from tldr_search.cost.count import Cost, LayerCost
from tldr_search.cost.model import CostModel
from tldr_search.cost.shape import FREE, Shape

__all__ = ["COUNTED", "FREE", "UNITS", "Amount", "Budget", "Cost", "CostModel", "LayerCost", "Shape", "parse_budget"]
