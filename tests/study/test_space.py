"""Shares, parameters, known shapes."""

from __future__ import annotations

import pytest

from tldr_search.backbones.architectures import ARCHITECTURES, architecture
from tldr_search.reducers import METHODS, get_method
from tldr_search.study.space import known_shapes, parameter_names, to_parameters, to_shares

UMT_B = architecture("umt-b").geometry


def test_parameters_and_shares_are_inverse() -> None:
    shares = (3.0, 0.0, 1.5)
    assert to_shares(to_parameters(shares)) == pytest.approx((1, 0, 0.5))
    assert max(to_parameters(shares).values()) == 1


def test_no_shares() -> None:
    with pytest.raises(ValueError, match="above 0"):
        to_parameters((0, 0))


@pytest.mark.parametrize("model", ARCHITECTURES)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_known_shapes(method: str, model: str) -> None:
    geometry = architecture(model).geometry
    row = get_method(method)
    if geometry.between_stages and row.merges:
        with pytest.raises(ValueError, match="merges tokens of different places"):
            known_shapes(row, geometry)
        return
    if geometry.between_stages and row.observes:
        with pytest.raises(ValueError, match="attend within windows"):
            known_shapes(row, geometry)
        return
    shapes = known_shapes(row, geometry)
    assert len(shapes) >= 2  # of three stages, with frames apart, STA's own shape is the constant one
    for shares in shapes.values():
        assert len(shares) == row.slots(geometry) == len(parameter_names(len(shares)))
        assert min(shares) >= 0 < max(shares)


def test_published_shapes_keep_their_proportions() -> None:
    layers = known_shapes(get_method("tome"), UMT_B)
    assert layers["vid-tldr"][:4] == (600, 200, 100, 0)
    assert [layers["sta"][i] for i in (0, 4, 8)] == [12, 6, 3]
    assert sum(layers["sta"]) == 21


def test_stages_take_what_leaves_up_to_the_next() -> None:
    stages = known_shapes(get_method("sta"), UMT_B)
    assert stages["vid-tldr"] == (75, 0, 0)  # 900 tokens in 12 groups
    assert len(set(stages["sta"])) == 1  # the same r per group
    assert "constant" not in stages
