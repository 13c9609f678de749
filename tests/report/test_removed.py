"""Pictures of what was removed: computed on hand-made examples, drawn the same every time."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from tldr_search.insight.record import Reduction, Removal
from tldr_search.report.removed import printed, shown
from tldr_search.report.removed.album import file_stems
from tldr_search.report.removed.drawing import EDGE, HEAD, LINE
from tldr_search.report.removed.maps import Scale, maps_picture
from tldr_search.report.removed.shares import frame_shares, shares_picture
from tldr_search.report.removed.sheet import Sheet, shortened, width_of
from tldr_search.report.removed.tokens import (
    FLOOR,
    HATCH,
    PRUNED,
    borders,
    chosen,
    mass_per_patch,
    mean_colours,
    merged,
    painted,
    print_scale,
    tokens_picture,
)
from tldr_search.report.removed.wording import abridged

SIDE = 10
ROWS = np.array([0, 0, 1, -1])
"""2 x 2 patches: the upper two are one token, the lower left stands alone, the lower right was pruned."""


def make_removal(t: int = 2, side: int = 2, clips: int = 2) -> Removal:
    """Frames of noise; half of the patches are merged in pairs, of the other method the last third is pruned."""
    random, patches = np.random.default_rng(1), t * side * side
    pairs = np.array([i // 2 if i < patches // 2 else i - patches // 4 for i in range(patches)], np.int32)
    pruned = np.where(np.arange(patches) < patches * 2 // 3, np.arange(patches), -1).astype(np.int32)
    size = np.ones(pairs.max() + 1, np.float32)
    size[: patches // 4] = 1.5
    reductions = (
        Reduction("vid-tldr", (600, 200, 100, 50, 25, 0), (8, 4), 180.5, np.stack([pairs] * clips), np.stack([size] * clips)),
        Reduction("sta", (70, 0, 1), (2, 0, 1), 179.5, np.stack([pruned] * clips), np.ones((clips, int(pruned.max()) + 1), np.float32)),
    )
    maps = {name: random.gamma(0.5, 2.0, (clips, 2, patches)).astype(np.float16) for name in ("saliency", "attentiveness")}
    maps["saliency"] = np.clip(maps["saliency"], 0, 1) * (random.random((clips, 2, patches)) < 0.5)
    maps["rollout"] = random.gamma(0.5, 2.0, (clips, 1, patches)).astype(np.float16) + np.float16(0.01)
    return Removal(
        model="umt-mini",
        cost_model="umt-b",
        grid=(t, side, side),
        tubelet=1,
        apart=False,
        unit="patch",
        asked=clips,
        names=tuple(f"{i}.mp4" for i in range(clips)),
        captions=("a <b>caption</b> & $more$",) * clips,
        excluded={},
        layers=(1, 2),
        frames=random.integers(0, 256, (clips, t, 8 * side, 8 * side, 3), dtype=np.uint8),
        maps=maps,
        reductions=reductions,
    )


def test_mass_is_spread_over_the_patches_of_a_token() -> None:
    assert mass_per_patch(ROWS, np.array([1.2, 1.0])).tolist() == [0.6, 0.6, 1.0, 0.0]
    assert mass_per_patch(np.array([-1, -1]), np.array([1.0])).tolist() == [0.0, 0.0]
    assert merged(ROWS).tolist() == [True, True, False, False]


def test_lines_are_drawn_around_what_was_merged_only() -> None:
    right, below = borders(ROWS.reshape(2, 2), merged(ROWS).reshape(2, 2))
    assert right.tolist() == [[False], [False]]
    assert below.tolist() == [[True, True]]


def test_colours_are_averaged_over_a_token_wherever_its_patches_are() -> None:
    patches = np.array([[0, 0, 0], [100, 0, 200], [9, 9, 9], [50, 60, 70]])
    assert mean_colours(patches, ROWS).tolist() == [[50, 0, 100], [50, 0, 100], [9, 9, 9], [50, 60, 70]]


def test_a_frame_is_painted_patch_by_patch() -> None:
    frame = np.full((2 * SIDE, 2 * SIDE, 3), 200, np.uint8)
    frame[0] = 100
    mass = np.array([[0.6, 0.6], [1.0, 0.0]])
    colours = np.full((2, 2, 3), 180.0)
    image = painted(frame, ROWS.reshape(2, 2), merged(ROWS).reshape(2, 2), mass, colours)
    darker = round(180 * (FLOOR + (1 - FLOOR) * 0.6))
    assert (image[2 : SIDE - 1, 2:-2] == darker).all(), "one colour, its darkness that of the mass, no line inside"
    assert (image[0] == 0).all()
    assert (image[: SIDE - 1, [0, -1]] == 0).all(), "what was merged has a line at the edge of the frame, too"
    assert (image[1, 1:-1] == 255).all()
    assert (image[1 : SIDE - 1, [1, -2]] == 255).all()
    assert (image[SIDE - 1] == 255).all()
    assert (image[SIDE] == 0).all()
    assert (image[SIDE + 1 :, :SIDE] == 200).all(), "what stands for itself stays as it is"
    hatched = image[SIDE + 1 :, SIDE:]
    assert set(np.unique(hatched)) == {round(PRUNED * 200), HATCH[1]}
    assert 0.05 < (hatched == HATCH[1]).mean() < 0.3


def test_the_picture_of_a_clip_has_a_row_for_every_schedule() -> None:
    removal = make_removal(t=12)
    picture = tokens_picture(removal, 1)
    assert picture.shown == (0, 2, 3, 5, 6, 8, 9, 11)
    assert [row.method for row in picture.rows] == ["", "vid-tldr", "sta"]
    assert [row.tokens_left for row in picture.rows] == [48, 36, 32]
    assert [row.pruned for row in picture.rows] == [0, 0, pytest.approx(1 / 3)]
    assert [row.mass_left for row in picture.rows] == [1, pytest.approx((12 * 1.5 + 24) / 48), pytest.approx(2 / 3)]
    assert [row.merged for row in picture.rows] == [0, 0.5, 0]
    assert all(len(row.images) == 8 for row in picture.rows)
    assert picture.rows[0].images[0].shape[1] >= 112


@pytest.mark.parametrize("count,expected", [(1, (0,)), (3, (0, 1, 2)), (8, tuple(range(8))), (9, (0, 1, 2, 3, 5, 6, 7, 8))])
def test_frames_are_chosen_evenly(count: int, expected: tuple[int, ...]) -> None:
    assert chosen(count) == expected


def test_maps_are_those_of_the_layer() -> None:
    removal = make_removal()
    picture = maps_picture(removal, 1, 2)
    assert [(values.measure, values.layer) for values in picture.maps] == [("saliency", 2), ("attentiveness", 2), ("rollout", 0)]
    np.testing.assert_array_equal(picture.maps[1].values.flatten(), removal.maps["attentiveness"][1, 1])
    np.testing.assert_array_equal(picture.maps[2].values.flatten(), removal.maps["rollout"][1, 0])
    assert picture.maps[0].scale == Scale(0.0, 1.0, False)
    assert picture.maps[0].zero == (removal.maps["saliency"][1, 1] == 0).mean() > 0
    ranked = sorted(removal.maps["rollout"][1, 0].astype(float), reverse=True)
    assert picture.maps[2].tenth == pytest.approx(ranked[0] / sum(ranked)), "a tenth of 8 patches is one"


def test_equal_steps_of_a_logarithmic_scale_are_equal_factors() -> None:
    assert Scale(0.25, 4.0, True).at(np.array([0.25, 0.5, 1.0, 4.0])).tolist() == pytest.approx([0, 0.25, 0.5, 1])
    assert Scale(0.0, 2.0, False).at(np.array([0.0, 0.5, 2.0])).tolist() == [0, 0.25, 1]
    assert Scale(1.0, 1.0, True).at(np.array([1.0])).tolist() == [0]


def test_shares_of_frames_sum_to_a_hundred() -> None:
    values = np.array([[1.0, 1, 1, 1, 4, 0, 0, 0], [0.0] * 8])
    assert frame_shares(values, (2, 2, 2)).tolist() == [[50, 50], [50, 50]]
    assert frame_shares(np.array([[3.0, 1.0]]), (2, 1, 1)).tolist() == [[75, 25]]
    picture = shares_picture(make_removal(t=4), 1)
    assert picture.even == 25
    assert [line.name for line in (*picture.measures, *picture.methods)] == ["saliency", "attentiveness", "rollout", "vid-tldr", "sta"]
    for line in (*picture.measures, *picture.methods):
        assert sum(line.mean) == pytest.approx(100)
        assert all(low <= mean <= high for low, mean, high in zip(line.low, line.mean, line.high, strict=True))
    assert picture.methods[1].mean == pytest.approx((40, 40, 20, 0))


def test_what_is_shown_says_its_numbers() -> None:
    pictures = shown(make_removal())
    assert [picture.name for picture in pictures] == ["tokens-0", "tokens-1", "maps-0", "maps-1", "frames"]
    tokens = pictures[0]
    assert "vid-TLDR leaves 6 of 8 tokens and 88 % of the mass, 0 % pruned" in tokens.alt
    assert "STA 70,0,1: 5 of 8 tokens" in tokens.caption
    assert "Hatched patches were pruned." in tokens.caption
    assert "rollout, all layers" in pictures[2].alt
    assert "even would be 50 %" in pictures[-1].alt
    for picture in pictures:
        image = Image.open(io.BytesIO(picture.png))
        assert image.width > 500
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert [picture.png for picture in shown(make_removal())] == [picture.png for picture in shown(make_removal())]


def test_files_are_small_even_of_noise() -> None:
    assert max(len(picture.png) for picture in shown(make_removal(t=12, side=14, clips=1))) < 300_000


def opened(content: str | bytes) -> Image.Image:
    assert isinstance(content, bytes)
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("side", "pixels", "least"), [(3, 8, 224), (14, 16, 224), (14, 24, 336)])
def test_files_have_the_pixels_that_the_model_saw_in_full_colour(side: int, pixels: int, least: int) -> None:
    """A frame of 8 x 8 noise per patch is found in the sheet at its size, and more of its colours than a palette has."""
    removal = make_removal(t=2, side=side, clips=1)
    random = np.random.default_rng(2)
    removal = dataclasses.replace(removal, frames=random.integers(0, 256, (1, 2, pixels * side, pixels * side, 3), dtype=np.uint8))
    picture = tokens_picture(removal, 0, print_scale(removal))
    height, width = picture.rows[0].images[0].shape[:2]
    assert least <= height == width < 2 * least
    tokens, maps, shares = printed(removal)
    sheet = np.asarray(opened(tokens.files["png"]))
    assert opened(tokens.files["png"]).mode == opened(maps.files["png"]).mode == "RGB"
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 2000
    top, left = ((LINE + HEAD - 5) * picture.scale, EDGE * picture.scale)
    np.testing.assert_array_equal(sheet[top : top + height, left : left + width], picture.rows[0].images[0])
    assert [tokens.name, maps.name, shares.name] == ["tokens-0", "maps-0", "frames"]
    assert [*shares.files] == ["png", "svg", "pdf"]
    assert opened(shares.files["png"]).width > 2500
    assert "attentiveness</text>" in str(shares.files["svg"])


def test_files_are_drawn_as_the_page_is() -> None:
    """Lines grow with the frames: of frames in one colour, every second pixel of the larger picture is the smaller one."""
    removal = make_removal(t=2, side=2, clips=1)
    removal = dataclasses.replace(removal, frames=np.full_like(removal.frames, 90))
    for small, large in zip(tokens_picture(removal, 0).rows, tokens_picture(removal, 0, 2).rows, strict=True):
        for one, other in zip(small.images, large.images, strict=True):
            np.testing.assert_array_equal(one, other[::2, ::2])
    with pytest.raises(ValueError, match=r"layer 3: there are maps of layers 1, 2"):
        next(iter(printed(removal, layer=3)))


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_sheet_has_the_size_that_was_asked_for(scale: int) -> None:
    for width in (113, 138, 201, 1167):  # of these, inches times pixels per inch lose one
        assert opened(Sheet(width, 114, scale).png()).size == (width * scale, 114 * scale)


def test_a_swin_has_cells_and_no_rollout() -> None:
    removal = make_removal()
    maps = {name: values for name, values in removal.maps.items() if name != "rollout"}
    pictures = shown(dataclasses.replace(removal, unit="cell", maps=maps, tubelet=2))
    assert "5 of 8 cells" in pictures[0].caption
    assert "There is no rollout of attention within windows." in pictures[2].caption


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"layer 3: there are maps of layers 1, 2"):
        shown(make_removal(), layer=3)


def test_files_are_named_after_their_clips() -> None:
    assert file_stems(("/a/b c.mp4", "é<x>.avi", "video7011.mp4", "")) == ("b-c", "x", "video7011", "4")
    assert file_stems(("a/1.mp4", "b/1.mp4")) == ("1-1", "1-2")


def test_long_texts_are_cut_to_their_room() -> None:
    assert abridged((600, 200, 100, 0, 0), lambda text: True) == "600,200,100"
    assert abridged((9, 8, 7, 6, 5), lambda text: len(text) <= 7) == "9,8,7,…"
    assert abridged((9, 8, 7, 6, 5), lambda text: False) == "9,…"
    cut = shortened("a caption that goes on and on", 100, 10)
    assert cut.endswith("…")
    assert width_of(cut, 10) <= 100 < width_of("a caption that goes on", 10)
    assert shortened("short", 100, 10) == "short"


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (("a.mp4", "b/c.mp4"), ("a", "c")),
        (("x/a.mp4", "y/a.mp4", "z/a-1.mp4"), ("a-2", "a-3", "a-1")),
        (("é.mp4", "a/1.mp4"), ("2", "1")),
        (("é.mp4", "ü.mp4"), ("1", "2")),
    ],
)
def test_no_two_clips_share_a_file_name(names: tuple[str, ...], stems: tuple[str, ...]) -> None:
    assert file_stems(names) == stems
