"""The file of what was removed: whole, or a mistake in one line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tldr_search.insight.record import Reduction, Removal, load, save


@pytest.fixture
def removal() -> Removal:
    random = np.random.default_rng(0)
    rows = np.array([[0, 0, 1, 2, 2, 2, 3, -1], [0, 1, 1, 2, 3, 3, -1, -1]], np.int32)
    reduction = Reduction("tome:metric=features", (3, 1), (2, 1), 12.5, rows, np.array([[2, 1, 2.5, 1], [1, 2, 1, 2]], np.float32))
    return Removal(
        model="umt-mini",
        cost_model="umt-b",
        grid=(2, 2, 2),
        tubelet=1,
        apart=False,
        unit="patch",
        asked=3,
        names=("a b.mp4", "ü<&>.mp4"),
        captions=("a caption", ""),
        excluded={"bad.mp4": "is empty"},
        layers=(1, 2),
        frames=random.integers(0, 256, (2, 2, 8, 8, 3), dtype=np.uint8),
        maps={"saliency": random.random((2, 2, 8)).astype(np.float16), "rollout": random.random((2, 1, 8)).astype(np.float16)},
        reductions=(reduction, reduction._replace(method="sta")),
    )


def test_what_is_saved_is_read(removal: Removal, tmp_path: Path) -> None:
    save(removal, tmp_path / "removed.npz")
    found = load(tmp_path / "removed.npz")
    for field in dataclasses.fields(Removal):
        if field.name not in ("frames", "maps", "reductions"):
            assert getattr(found, field.name) == getattr(removal, field.name), field.name
    np.testing.assert_array_equal(found.frames, removal.frames)
    assert {name: values.tolist() for name, values in found.maps.items()} == {n: v.tolist() for n, v in removal.maps.items()}
    for mine, theirs in zip(found.reductions, removal.reductions, strict=True):
        assert mine[:4] == theirs[:4]
        assert (mine.rows.dtype, mine.size.dtype) == (np.int32, np.float32)
        np.testing.assert_array_equal(mine.rows, theirs.rows)
        np.testing.assert_array_equal(mine.size, theirs.size)
    assert [p.name for p in tmp_path.iterdir()] == ["removed.npz"]


def test_tokens_left_are_counted_clip_by_clip(removal: Removal) -> None:
    assert [removal.reductions[0].tokens_left(clip) for clip in range(2)] == [4, 4]
    assert removal.num_patches == 8


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    at = data.index(b"frames.npy") + 200
    return data[:at] + bytes(b ^ 0xFF for b in data[at : at + 20]) + data[at + 20 :]


@pytest.mark.parametrize("damage", [cut, flipped, lambda _: b"", lambda _: b"something else"], ids=["cut", "flipped", "empty", "text"])
def test_damage_is_told(removal: Removal, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "removed.npz"
    save(removal, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"is no removed\.npz, or a damaged one") as told:
        load(path)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        load(tmp_path / "removed.npz")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "removed.npz"
    np.savez(path, about=np.array([{"format": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="or a damaged one"):
        load(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"names": ("one",)},
        {"grid": (2, 2, 3)},
        {"layers": (1,)},
        {"captions": ()},
        {"frames": np.zeros((2, 2, 8, 8, 3), np.float32)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_parts_must_belong_together(removal: Removal, tmp_path: Path, changes: dict[str, object]) -> None:
    save(dataclasses.replace(removal, **changes), tmp_path / "removed.npz")
    with pytest.raises(ValueError, match="would be accepted"):
        load(tmp_path / "removed.npz")


def test_patches_of_tokens_that_are_not_there(removal: Removal, tmp_path: Path) -> None:
    reduction = removal.reductions[0]
    wrong = reduction._replace(size=reduction.size[:, :3])
    save(dataclasses.replace(removal, reductions=(wrong,)), tmp_path / "removed.npz")
    with pytest.raises(ValueError, match="of 3"):
        load(tmp_path / "removed.npz")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"captions": (None, "a")}, r"captions\[0\]: None; text"),
        ({"names": ("a", 2)}, r"names\[1\]: 2; text"),
        ({"grid": (2, 4)}, r"grid: \[2, 4\]; a list of 3"),
        ({"layers": (1, 2.5)}, r"layers\[1\]: 2\.5; a whole number"),
        ({"apart": None}, "apart: None; true or false"),
        ({"excluded": {"a": 1}}, r"excluded\.a: 1; text"),
        ({"maps": {"saliency": np.full((2, 2, 8), np.nan, np.float16)}}, "map 'saliency' as float16"),
        ({"maps": {"saliency": np.full((2, 2, 8), "x")}}, "map 'saliency' as <U1"),
        ({"maps": {"heat": np.zeros((2, 2, 8), np.float16)}}, "map 'heat'"),
    ],
)
def test_what_is_damaged_is_told_in_one_line(removal: Removal, tmp_path: Path, changes: dict[str, object], says: str) -> None:
    save(dataclasses.replace(removal, **changes), tmp_path / "removed.npz")
    with pytest.raises(ValueError, match=f"a damaged one .*{says}.* would be accepted") as told:
        load(tmp_path / "removed.npz")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"size": np.full((2, 4), np.nan, np.float32)}, "masses would be accepted"),
        ({"size": np.full((2, 4), -1, np.float32)}, "masses would be accepted"),
        ({"rows": np.zeros((2, 8), np.float32)}, "tokens as float32"),
        ({"schedule": (1, None)}, r"schedule\[1\]: None; a whole number"),
        ({"gflops": "much"}, "gflops: 'much'; a number"),
        ({"method": 3}, "method: 3; text"),
    ],
)
def test_damaged_reductions_are_told_in_one_line(removal: Removal, tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    damaged = removal.reductions[0]._replace(**changes)
    save(dataclasses.replace(removal, reductions=(damaged,)), tmp_path / "removed.npz")
    with pytest.raises(ValueError, match=f"a damaged one .*{says}"):
        load(tmp_path / "removed.npz")
