"""A written model that answers something else is found out, whatever it is; one that only falls the other way at a tie is not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tldr_search.export import agreement, export, formats
from tldr_search.export.agreement import compare
from tldr_search.export.traced import Named
from tldr_search.mistakes import Failed
from tldr_search.reduced import Reduced, load_backbone

SHAPE = torch.Size([2, 3, 4, 48, 48])
Outputs = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def model() -> Reduced:
    sizes = {"dim": 24, "depth": 3, "heads": 3, "frames": 4, "image_size": 48}
    return load_backbone("umt-b", "random", "tome", (5, 3), **sizes)


def wrong(change: Callable[[Outputs], Outputs], model: Reduced) -> Callable[[torch.Tensor], Outputs]:
    return lambda video: change({name: value.clone() for name, value in Named(model)(video).items()})


def one_value(out: Outputs) -> Outputs:
    out["tokens"][1, 3, 5] += 1e-3
    return out


WRONG: dict[str, Callable[[Outputs], Outputs]] = {
    "one value of one clip": one_value,
    "tokens in another order": lambda out: {**out, "tokens": out["tokens"].flip(1)},
    "a missing output": lambda out: {name: value for name, value in out.items() if name != "size"},
    "another number of tokens": lambda out: {**out, "size": out["size"][:, 1:]},
    "no numbers": lambda out: {**out, "pooled": out["pooled"] * torch.nan},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_answer_is_found_out(what: str, model: Reduced) -> None:
    with pytest.raises(Failed, match="differs by"):
        compare(Named(model), wrong(WRONG[what], model), SHAPE)


def test_the_right_answer_is_right(model: Reduced) -> None:
    assert compare(Named(model), Named(model), SHAPE) == (0.0, 4, 0)


def test_an_answer_of_the_model_for_a_clip_that_rounding_changed_is_a_near_tie(monkeypatch: pytest.MonkeyPatch, model: Reduced) -> None:
    """A model with a jump at one clip: whatever the rounding, it gives one of two answers; what was written gives the other one."""

    class Jumping(Named):
        def forward(self, video: torch.Tensor) -> Outputs:
            exact = float(video[0, 0, 0, 0, 0].double()) in firsts
            return {"pooled": torch.full((1, 3), 1.0 if exact else 2.0)}

    def run(video: torch.Tensor) -> Outputs:
        firsts.append(float(video[0, 0, 0, 0, 0].double()))
        return {"pooled": torch.full((1, 3), 2.0)}

    firsts: list[float] = []
    monkeypatch.setattr(agreement, "CLIPS", 1)
    assert compare(Jumping(model), run, torch.Size([1, *SHAPE[1:]])) == (0.0, 1, 1)


class Restless(Named):
    """A model that answers something else each time."""

    calls = 0

    def forward(self, video: torch.Tensor) -> Outputs:
        self.calls += 1
        return {"pooled": torch.full((1, 3), float(self.calls))}


def test_the_search_for_near_ties_ends_soon_where_there_are_too_many(model: Reduced) -> None:
    restless = Restless(model)
    with pytest.raises(Failed, match=r"cannot be checked: it differs by .* answers something else each time .*--no-check") as raised:
        compare(restless, lambda video: {"pooled": torch.zeros(1, 3)}, torch.Size([1, *SHAPE[1:]]))
    assert "\n" not in str(raised.value)
    assert restless.calls == 1 + agreement.FEW


def test_a_steady_model_is_asked_for_every_change(model: Reduced) -> None:
    """Of an answer that it never gives."""

    class Steady(Restless):
        def forward(self, video: torch.Tensor) -> Outputs:
            super().forward(video)
            return {"pooled": torch.ones(1, 3)}

    steady = Steady(model)
    with pytest.raises(Failed, match=r"not written, because it differs by 1.0e\+00 .* itself moves by up to 0.0e\+00"):
        compare(steady, lambda video: {"pooled": torch.zeros(1, 3)}, torch.Size([1, *SHAPE[1:]]))
    assert steady.calls == 1 + len(agreement.NUDGES)


def test_a_wrong_file_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Reduced) -> None:
    format_ = formats.FORMATS[".pt2"]
    monkeypatch.setitem(formats.FORMATS, ".pt2", format_._replace(load=lambda path: wrong(one_value, model)))
    (tmp_path / "m.pt2").write_text("before")
    with pytest.raises(Failed):
        export(model, tmp_path / "m.pt2", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["m.pt2"]
    assert (tmp_path / "m.pt2").read_text() == "before"
