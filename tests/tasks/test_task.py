"""What all evaluations have in common."""

import pytest
import torch

from tldr_search.data.protocols import PROTOCOLS
from tldr_search.tasks.task import normalise


def test_bytes_become_colours_of_mean_zero():
    """[views, T, H, W, 3] -> [views, 3, T, H, W]: ((byte / 255) - mean) / std, in ImageNet's numbers."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    views = torch.randint(256, (2, 3, 4, 5, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    views[0, 0, 0, 0] = torch.tensor([0, 128, 255])
    found = normalise(views, PROTOCOLS["umt"])
    assert (found.shape, found.dtype) == ((2, 3, 3, 4, 5), torch.float32)
    assert found[0, :, 0, 0, 0].tolist() == pytest.approx([-2.117904, 0.205182, 2.64], abs=1e-6)
    for view, frame, row, column, colour in ((0, 2, 3, 4, 0), (1, 0, 1, 2, 1), (1, 2, 0, 4, 2)):
        byte = views[view, frame, row, column, colour].item()
        assert found[view, colour, frame, row, column].item() == pytest.approx((byte / 255 - mean[colour]) / std[colour], abs=1e-6)
