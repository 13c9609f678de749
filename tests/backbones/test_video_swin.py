"""Against the published network written as loops over single positions, dense and with cells that left."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.cells import lay_out
from tldr_search.backbones.output import reduction
from tldr_search.backbones.video_swin import SwinBlock, VideoSwin
from tldr_search.reducers.reducer import Observation

CELLS_CROSS_THE_EDGE = {"image_size": 40, "window": (2, 3, 3)}  # grids 10, 5, 3, 2: cells of 8 reach past 10
CLIPPED = {"image_size": 20, "window": (8, 4, 3)}  # time in one window; grids 5, 3, 2, 1: padded, then narrower than a window
METHODS = [("none", ()), ("sta", (1,)), ("attentiveness", (3, 2, 2)), ("saliency-pruning", (0, 5, 0)), ("random:seed=2", (9, 3, 2))]


def tiny(**fields):
    fields = {"dim": 4, "depths": (2, 1, 2, 2), "heads": (2, 1, 4, 2), "frames": 8, "num_classes": 3, **fields}
    torch.manual_seed(0)
    model = VideoSwin(architecture("swin-t", **fields)).eval()
    return randomised(model)


def randomised(module):
    """Norms and biases away from 1 and 0, and logits large enough to matter."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
    return module.double()


def clips(model, count=1):
    arch = model.arch
    return torch.randn(count, 3, arch.frames, arch.image_size, arch.image_size, dtype=torch.float64)


def places(grid):
    return list(itertools.product(*map(range, grid)))


def norm(weights, name, x, eps):
    return F.layer_norm(x, x.shape, weights[f"{name}.weight"], weights[f"{name}.bias"], eps)


def linear(weights, name, x):
    return F.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))


def windowed(weights, normed, grid, window, heads, shifted, filled):
    """-> attention out of each place (before proj), negative entropy, received, head-mean keys.

    `filled`: place -> whose queries, keys and values it takes.
    """
    size = [min(n, w) for n, w in zip(grid, window, strict=True)]
    shift = [w // 2 if shifted and n > w else 0 for n, w in zip(grid, window, strict=True)]
    whole = [-(-n // w) * w for n, w in zip(grid, size, strict=True)]
    table = weights["relative_position_bias_table"]
    qkv, members, offset, region = {}, {}, {}, {}
    for place in places(whole):
        x = normed[filled[place]] if place in filled else torch.zeros_like(next(iter(normed.values())))
        inside = place in filled
        qkv[place] = (linear(weights, "qkv", x) if inside else weights["qkv.bias"]).view(3, heads, -1)
        moved = [(p - s) % n for p, s, n in zip(place, shift, whole, strict=True)]
        t, y, x = (m % w for m, w in zip(moved, size, strict=True))
        number = (t * size[1] + y) * size[2] + x
        offset[place] = (number // (window[1] * window[2]), number // window[2] % window[1], number % window[2])
        region[place] = [(m >= n - w) + (m >= n - s) if s else 0 for m, n, w, s in zip(moved, whole, size, shift, strict=True)]
        members.setdefault(tuple(m // w for m, w in zip(moved, size, strict=True)), []).append(place)
    out, entropy, received = {}, {}, dict.fromkeys(places(whole), 0)
    for window_places in members.values():
        k, v = (torch.stack([qkv[place][i] for place in window_places]) for i in (1, 2))  # [M, h, d]
        for place in window_places:
            logits = (qkv[place][0] * k).sum(dim=-1) * k.shape[-1] ** -0.5
            index, block = [], []
            for other in window_places:
                t, y, x = (a - b + w - 1 for a, b, w in zip(offset[place], offset[other], window, strict=True))
                index.append((t * (2 * window[1] - 1) + y) * (2 * window[2] - 1) + x)
                block.append([-100.0 * (region[place] != region[other])])
            attention = (logits + table[index] + torch.tensor(block)).softmax(dim=0)
            out[place] = (attention[..., None] * v).sum(dim=0).flatten()
            p = attention.mean(dim=1)
            entropy[place] = (p * p.log()).sum()
            for j, other in enumerate(window_places):
                received[other] += p[j] / len(window_places)
    return out, entropy, received, {place: value[1].mean(dim=0) for place, value in qkv.items()}


def block_of(weights, x, grid, window, heads, shifted, filled, eps):
    """-> new features of each place in `x`, statistics."""
    normed = {place: norm(weights, "norm1", value, eps) for place, value in x.items()}
    attention = {name.removeprefix("attn."): value for name, value in weights.items() if name.startswith("attn.")}
    out, *seen = windowed(attention, normed, grid, window, heads, shifted, filled)
    new = {}
    for place in x:
        y = x[place] + linear(weights, "attn.proj", out[place])
        new[place] = y + linear(weights, "mlp.fc2", F.gelu(linear(weights, "mlp.fc1", norm(weights, "norm2", y, eps))))
    return new, seen


def stand_in(place, side, grid, kept):
    """The same spot in the last cell before it that is left, place by place and in time; past the frame, its last row or column."""

    def order(cell):
        return cell[1], cell[2], cell[0]

    cell = (place[0], place[1] // side, place[2] // side)
    before = [other for other in sorted(kept, key=order) if order(other) <= order(cell)]
    t, y, x = before[-1] if before else min(kept, key=order)
    return t, min(y * side + place[1] % side, grid[1] - 1), min(x * side + place[2] % side, grid[2] - 1)


def reference(model, video, method, schedule):
    """-> (tokens [K, C], logits, cells in output order) of one clip."""
    arch, weights = model.arch, model.state_dict()
    reducer, removed = reduction(arch, method, schedule)
    grid, kept, layer = arch.grid, places(arch.cells), -1
    patches = F.conv3d(video[None], weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"], stride=(2, 4, 4))[0]
    x = {place: norm(weights, "patch_embed.norm", patches[:, place[0], place[1], place[2]], arch.norm_eps) for place in places(grid)}
    for stage in range(4):
        side = 2 ** (3 - stage)
        filled = {place: stand_in(place, side, grid, kept) for place in places(grid)}
        for block in range(arch.depths[stage]):
            prefix = f"layers.{stage}.blocks.{block}."
            own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
            x, seen = block_of(own, x, grid, arch.window, arch.heads[stage], block % 2 == 1, filled, arch.norm_eps)
            layer += 1
        if stage == 3:
            break
        entropy, received, keys = (cell_means({place: values[place] for place in x}, side, kept) for values in seen)
        grid = (grid[0], (grid[1] + 1) // 2, (grid[2] + 1) // 2)
        merged, zero = {}, torch.zeros(arch.dim * 2**stage, dtype=torch.float64)
        for t, y, z in places(grid):
            if (t, y // (side // 2), z // (side // 2)) in kept:
                four = torch.cat([x.get((t, 2 * y + dy, 2 * z + dz), zero) for dy, dz in [(0, 0), (1, 0), (0, 1), (1, 1)]])
                four = norm(weights, f"layers.{stage}.downsample.norm", four, arch.norm_eps)
                merged[t, y, z] = linear(weights, f"layers.{stage}.downsample.reduction", four)
        x = merged
        if removed[layer]:
            seen = Observation(cell_means(x, side // 2, kept), None, keys, entropy, received, layer)
            kept = [kept[i] for i in reducer(seen, removed[layer]).kept[0]]
            x = {place: value for place, value in x.items() if (place[0], place[1] // (side // 2), place[2] // (side // 2)) in kept}
    tokens = torch.stack([norm(weights, "norm", x[cell], arch.norm_eps) for cell in kept])
    return tokens, linear(weights, "head", tokens.mean(dim=0)), kept


def cell_means(values, side, kept):
    """[1, K, ...] in the order of `kept`."""
    held = {cell: [value for (t, y, x), value in values.items() if (t, y // side, x // side) == cell] for cell in kept}
    return torch.stack([torch.stack(held[cell]).mean(dim=0) for cell in kept])[None]


@pytest.mark.parametrize(
    "fields,method,schedule",
    [*((CELLS_CROSS_THE_EDGE, *row) for row in METHODS), (CLIPPED, "none", ()), (CLIPPED, "random", (1, 1, 1))],
    ids=lambda value: "" if isinstance(value, dict) else str(value),
)
def test_equals_the_equations(fields, method, schedule):
    model = tiny(**fields)
    video = clips(model)
    with torch.no_grad():
        out = model(video, method, schedule)
        tokens, logits, kept = reference(model, video[0], method, schedule)
    cells = places(model.arch.cells)
    assert [cells.index(cell) for cell in kept] == [out.source[0].tolist().index(row) for row in range(len(kept))]
    assert (out.source[0] < 0).sum() == len(cells) - len(kept)
    torch.testing.assert_close(out.tokens[0], tokens, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(out.pooled[0], tokens.mean(dim=0), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(out.logits[0], logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("grid,window", [((4, 5, 6), (2, 3, 4)), ((3, 5, 6), (4, 3, 7)), ((3, 4, 2), (2, 4, 2))])
@pytest.mark.parametrize("shifted", [False, True])
def test_a_block_on_any_grid(grid, window, shifted):
    torch.manual_seed(0)
    block = randomised(SwinBlock(8, 2, window, 2, 1e-5, shifted=shifted))
    rows = torch.randn(1, len(places(grid)), 8, dtype=torch.float64)
    x = dict(zip(places(grid), rows[0], strict=True))
    with torch.no_grad():
        out, seen = block(rows, lay_out(grid, 2, None, rows.device), frozenset({"keys", "entropy", "received"}))
        fused, _ = block(rows, lay_out(grid, 2, None, rows.device))
        new, statistics = block_of(block.state_dict(), x, grid, window, 2, shifted, {place: place for place in x}, 1e-5)
    expected = torch.stack([new[place] for place in x])[None]
    torch.testing.assert_close(fused, expected)
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip((seen.entropy, seen.received, seen.keys), statistics, strict=True):
        loops = torch.stack([theirs[place] for place in x])[None]
        torch.testing.assert_close(ours, loops, rtol=1e-5, atol=1e-5, check_dtype=False)


@pytest.mark.parametrize("method,schedule", METHODS[1:4], ids=lambda value: str(value))
def test_clips_of_a_batch_do_not_mix(method, schedule):
    model = tiny(**CELLS_CROSS_THE_EDGE)
    video = clips(model, 2)
    with torch.no_grad():
        together, alone = model(video, method, schedule), model(video[1:], method, schedule)
    assert not torch.equal(together.source[0], together.source[1])
    assert torch.equal(together.source[1], alone.source[0])
    torch.testing.assert_close(together.tokens[1], alone.tokens[0])


@pytest.mark.parametrize("name,parameters", [("swin-t", 27850470), ("swin-s", 49509078), ("swin-b", 87638984), ("swin-b-w16", 88655688)])
def test_published_parameters(name, parameters):
    with torch.device("meta"):
        model = VideoSwin(architecture(name, num_classes=0))
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    assert set(model.state_dict()) == {name for name, _ in model.named_parameters()}


def test_published_names():
    stage = {f"{part}.{leaf}" for part in ("norm1", "norm2", "attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2") for leaf in ("weight", "bias")}
    names = {f"layers.{s}.blocks.{b}.{leaf}" for s, depth in enumerate((2, 2, 6, 2)) for b in range(depth) for leaf in stage}
    names |= {f"layers.{s}.blocks.{b}.attn.relative_position_bias_table" for s, depth in enumerate((2, 2, 6, 2)) for b in range(depth)}
    names |= {f"layers.{s}.downsample.{leaf}" for s in range(3) for leaf in ("reduction.weight", "norm.weight", "norm.bias")}
    names |= {f"{part}.{leaf}" for part in ("patch_embed.proj", "patch_embed.norm", "norm", "head") for leaf in ("weight", "bias")}
    with torch.device("meta"):
        assert set(VideoSwin(architecture("swin-t")).state_dict()) == names


def test_without_classes_there_are_no_logits():
    model = tiny(image_size=32, window=(2, 2, 2), num_classes=0)
    assert model(clips(model)).logits is None


@pytest.mark.parametrize("method", ["tome", "vid-tldr"])
def test_merging_is_refused(method):
    model = tiny(image_size=32, window=(2, 2, 2))
    with pytest.raises(ValueError, match=f"{method} merges tokens of different places.*would be accepted"):
        model(clips(model), method, (1,))


def test_clips_of_another_shape_are_refused():
    model = tiny(image_size=32, window=(2, 2, 2))
    with pytest.raises(ValueError, match=r"\[batch, 3, 8, 32, 32\] would be accepted"):
        model(clips(model)[:, :, :6])
