import pytest

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.fvcore_count import count_macs
from tldr_search.cost import CostModel

TINY = {"dim": 12, "depths": (2, 1, 2, 1), "frames": 8, "num_classes": 5}


@pytest.mark.parametrize(
    "fields",
    [{"image_size": 64, "window": (2, 3, 3), "heads": (2, 2, 2, 2)}, {"image_size": 52, "window": (8, 7, 7), "heads": (1, 2, 4, 8)}],
    ids=["padded", "clipped"],
)
@pytest.mark.parametrize(
    "spec,schedules",
    [
        ("none", [()]),
        ("sta", [(1,), (2, 0, 1), (0, 1, 2)]),
        ("attentiveness", [(3, 2, 2), (0, 0, 1)]),
        ("saliency-pruning", [(0, 15)]),
        ("random", [(9, 3, 2), (1,)]),
    ],
)
def test_equals_fvcore_to_the_last_unit(fields, spec, schedules):
    arch = architecture("swin-t", **TINY, **fields)
    for schedule in schedules:
        assert CostModel(arch, spec)(schedule).macs == count_macs(arch, spec, schedule)


@pytest.mark.parametrize("name", ["swin-t", "swin-b-w16"])
@pytest.mark.parametrize("schedule", [(), (16,)])
def test_full_size_equals_fvcore(name, schedule):
    arch = architecture(name)
    assert CostModel(arch, "sta")(schedule).macs == count_macs(arch, "sta", schedule)


@pytest.mark.parametrize("name,gflops", [("swin-t", 88.062), ("swin-s", 166.125), ("swin-b", 281.922), ("swin-b-w16", 320.946)])
def test_unreduced_without_a_classifier(name, gflops):
    assert round(CostModel(architecture(name, num_classes=0)).base, 3) == gflops


def test_layers_count_cells():
    cost = CostModel(architecture("swin-t"), "sta")((16,))
    assert cost.tokens == (784, 784, 528, 528, 400, 400, 400, 400, 400, 400, 336, 336, 336)
    assert [layer for layer, costs in enumerate(cost.layers) if costs.downsample] == [1, 3, 9]
    assert [layer for layer, costs in enumerate(cost.layers) if costs.decision] == [1, 3, 9]
