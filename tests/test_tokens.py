import pytest
import torch

from tldr_search.tokens import Assignment, Tokens, merge, prune, unmerge


def assignment(kept, source, target, weight):
    return Assignment(torch.tensor([kept]), torch.tensor([source]), torch.tensor([target]), torch.tensor([weight]))


def test_merge_is_a_size_weighted_mean():
    tokens = Tokens(torch.tensor([[[1.0], [2.0], [4.0], [8.0]]]), torch.tensor([[1.0, 2.0, 3.0, 4.0]]), None)
    out = merge(tokens, assignment([3, 1], [0, 2], [1, 1], [1.0, 0.5]))
    assert out.size.tolist() == [[4.0, 1 + 2 + 1.5]]
    torch.testing.assert_close(out.features[0, :, 0], torch.tensor([8.0, (1 * 1 + 2 * 2 + 1.5 * 4) / 4.5]))
    assert out.rows.tolist() == [[1, 1, 1, 0]]


def test_rows_follow_two_steps():
    tokens = prune(Tokens(torch.arange(5.0).view(1, 5, 1), None, None), assignment([0, 2, 3, 4], [1], [0], [0.0]))
    assert tokens.size is None
    tokens = merge(tokens, assignment([3, 0, 1], [2], [1], [1.0]))
    assert tokens.rows.tolist() == [[1, -1, 2, 1, 0]]
    assert tokens.features[0, :, 0].tolist() == [4.0, 1.5, 2.0]
    assert unmerge(tokens.features, tokens.rows, fill=-9.0)[0, :, 0].tolist() == [1.5, -9.0, 2.0, 1.5, 4.0]


def test_unmerge_of_plain_values():
    assert unmerge(torch.tensor([[5.0, 7.0]]), torch.tensor([[1, -1, 0]])).tolist() == [[7.0, 0.0, 5.0]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_keeps_its_dtype_and_exact_sizes(dtype):
    features = torch.full((1, 600, 2), 200.0, dtype=dtype)
    out = merge(Tokens(features, None, None), assignment([0], list(range(1, 600)), [0] * 599, [1.0] * 599))
    assert out.features.dtype == dtype
    assert out.size.tolist() == [[600.0]]
    assert out.features.tolist() == [[[200.0, 200.0]]]
