"""What is written answers what the model answers: other runtimes against ours, on tiny models of every family."""

import json
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

from tldr_search.backbones.architectures import architecture
from tldr_search.backbones.families import video_side
from tldr_search.export import Exported, export, formats
from tldr_search.reduced import Reduced

ARCHS = {
    "umt": architecture("umt-b", dim=24, depth=4, heads=3, frames=4, image_size=48, num_classes=3),
    "videomae": architecture("videomae-b", dim=24, depth=3, heads=3, frames=8, image_size=48, num_classes=5),
    "clip": architecture("clip-b16", dim=24, depth=3, heads=3, frames=4, image_size=48, embed_dim=10),
    "swin": architecture(
        "swin-t", dim=8, depths=(1, 1, 1, 1), heads=(1, 2, 2, 4), frames=8, image_size=64, window=(2, 3, 3), num_classes=5
    ),
}
CASES = {
    ("umt", "none"): (),
    ("umt", "vid-tldr"): (4, 0, 2),
    ("umt", "tome"): (5, 3, 1),
    ("umt", "sta"): (2, 1, 2),
    ("umt", "random"): (0, 7),
    ("videomae", "sta"): (2, 1, 2),
    ("videomae", "vid-tldr"): (7, 3),
    ("clip", "tome"): (2, 1),
    ("swin", "sta"): (1, 1, 0),
}


def reduced(family: str, method: str) -> Reduced:
    """Weights large enough for sharp attention: where all tokens are nearly equally salient, vid-TLDR's weights are rounding errors."""
    torch.manual_seed(0)
    model = video_side(ARCHS[family]).eval().requires_grad_(False)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return Reduced(model, method, CASES[family, method])


def clips(model: Reduced, seed: int, batch: int) -> torch.Tensor:
    return torch.randn(batch, *model.clip_shape, generator=torch.Generator().manual_seed(seed))


def assert_alike(found: torch.Tensor, expected: torch.Tensor) -> None:
    scale = max(1.0, float(expected.abs().max()))
    torch.testing.assert_close(found / scale, expected / scale, atol=1e-4, rtol=0)


def written(model: Reduced, path: Path, batch: int = 2) -> Exported:
    return export(model, path, batch, check=False)


@pytest.mark.parametrize("family,method", CASES)
def test_onnx_runtime_answers_what_the_model_answers(family: str, method: str, tmp_path: Path) -> None:
    model = reduced(family, method)
    found = written(model, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(found.paths[0])
    names = ["pooled", "tokens", "size", *["logits"] * (family != "clip")]
    assert [output.name for output in session.get_outputs()] == names
    assert [(value.name, value.shape) for value in session.get_inputs()] == [("video", [2, *model.clip_shape])]
    video = clips(model, 5, 2)  # not those that it was traced with
    out = model(video)
    for name, value in zip(names, session.run(None, {"video": video.numpy()}), strict=True):
        assert value.shape == getattr(out, name).shape == found.outputs[name]
        assert_alike(torch.from_numpy(value), getattr(out, name))


@pytest.mark.parametrize("family,method", CASES)
def test_torch_export_answers_what_the_model_answers(family: str, method: str, tmp_path: Path) -> None:
    model = reduced(family, method)
    found = written(model, tmp_path / "m.pt2")
    program = torch.export.load(found.paths[0]).module()
    video = clips(model, 5, 2)
    out = model(video)
    for name, value in program(video).items():
        assert_alike(value, getattr(out, name))


class Sorts(torch.nn.Module):
    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ranks = values.argsort(dim=-1, descending=True, stable=True)
        return ranks, values.argsort(dim=1, stable=True), *ranks.sort(dim=0, stable=True)


def test_equals_are_sorted_in_the_same_order(tmp_path: Path) -> None:
    """A hundred values, of which ten are different."""
    values = torch.randint(10, (3, 100), generator=torch.Generator().manual_seed(0)).float()
    expected = Sorts()(values)
    path = tmp_path / "m.onnx"
    program = torch.export.export(Sorts(), (values,))
    formats.FORMATS[".onnx"].write(program, values, ["falling", "rising", "sorted", "order"], path, {})
    session = onnxruntime.InferenceSession(path)
    for found, wanted in zip(session.run(None, {"video": values.numpy()}), expected, strict=True):
        assert torch.equal(torch.from_numpy(found), wanted)


def test_the_file_says_what_is_in_it(tmp_path: Path) -> None:
    model = reduced("umt", "tome")
    found = export(model, tmp_path / "m.onnx", check=True)
    assert found.agreement is not None
    assert found.agreement.difference <= 1e-4
    assert found.agreement.num_clips == 4
    proto = onnx.load(found.paths[0])
    inside = {entry.key: entry.value for entry in proto.metadata_props}
    assert {name: inside[name] for name in ("model", "method", "schedule")} == {"model": "umt-b", "method": "tome", "schedule": "5,3,1,0"}
    assert float(inside["gflops"]) == pytest.approx(model.gflops, abs=1e-6)
    assert proto.opset_import[0].version >= 18
    other = written(model, tmp_path / "m.pt2", 1)
    extra = {"tldr_search.json": ""}
    torch.export.load(other.paths[0], extra_files=extra)
    assert json.loads(extra["tldr_search.json"]) == found.metadata == inside
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "m.pt2"]
