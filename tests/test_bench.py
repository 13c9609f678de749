import json
import sys
from pathlib import Path

import pytest
import torch

from tldr_search import bench
from tldr_search.__main__ import main
from tldr_search.backbones.architectures import architecture
from tldr_search.reducers import NONE, get_method

TINY = architecture("videomae-b", dim=24, depth=3, heads=3, frames=4, image_size=32, num_classes=5)


def test_speed_up_is_the_median_of_paired_ratios():
    fast, slow = bench.Timing("a", (1.0, 2.0, 4.0), None), bench.Timing("b", (2.0, 8.0, 12.0), None)
    assert bench.speed_up(fast, slow) == 3  # of 2, 4, 3; not of the medians, 8 / 2
    assert bench.speed_up(slow, slow) == 1


def test_models_take_turns_forwards_and_backwards_and_the_first_turn_does_not_count():
    order = []
    runs = {name: lambda video, name=name: order.append(name) for name in "abc"}
    seconds = bench._take_turns(bench.Setting(TINY, "fp32", 2), runs, 3)
    assert "".join(order) == "cba" + "abc" + "cba" + "abc"
    assert {name: len(times) for name, times in seconds.items()} == {"a": 3, "b": 3, "c": 3}


def test_the_autocast_is_that_of_the_precision():
    seen = []
    runs = {"a": lambda video: seen.append((video @ video.transpose(-1, -2)).dtype)}
    for precision in ("fp32", "bf16"):
        bench._take_turns(bench.Setting(TINY, precision, 1), runs, 1)
    assert seen[1::2] == [torch.float32, torch.bfloat16]


def test_beside_hugging_face(monkeypatch):
    monkeypatch.setattr(bench, "_peak", lambda *arguments: None)
    timings = bench.compare(bench.Setting(TINY, "fp32", 2), get_method("sta"), (), 2, hugging_face=True)
    assert [t.name for t in timings] == ["unreduced", "Hugging Face, SDPA"]
    assert all(second > 0 for t in timings for second in t.seconds)
    with pytest.raises(ValueError, match="videomae family would be accepted"):
        bench.compare(bench.Setting(architecture("umt-mini"), "fp32", 1), NONE, (), 1, hugging_face=True)


def test_several_schedules_are_measured_in_the_same_turns(monkeypatch):
    monkeypatch.setattr(bench, "_peak", lambda setting, method, schedule: float(sum(schedule)))
    reductions = [(get_method("tome"), (2, 1, 0)), (get_method("vid-tldr"), (1, 0, 0))]
    timings = bench.compare_all(bench.Setting(TINY, "fp32", 1), reductions, 3)
    assert [(t.name, t.peak_mib) for t in timings] == [("unreduced", 0.0), ("tome", 3.0), ("vid-tldr", 1.0)]
    assert {len(t.seconds) for t in timings} == {3}


def test_the_device_has_a_name():
    assert f"{torch.get_num_threads()} thread" in bench.device_name(torch.device("cpu"))


def test_the_command(capsys):
    assert main(["bench", "umt-mini", "--method", "tome", "--schedule", "100,50", "--turns", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    base, tome = found["rows"]
    assert (base["name"], base["speed_up"], base["gflops_ratio"]) == ("unreduced", 1, 1)
    assert tome["gflops_ratio"] == pytest.approx(base["gflops"] / tome["gflops"])
    assert tome["clips_per_second"] == pytest.approx(1000 / tome["ms"])
    if sys.platform == "linux":
        assert 0 < tome["peak_mib"] < 512


@pytest.mark.parametrize(
    "arguments,says",
    [
        (["umt-mini", "--turns", "0"], "--turns 0"),
        (["umt-mini", "--precision", "fp8"], "did you mean"),
        (["umt-mini", "--method", "tome", "--schedule", "145"], "0 to 144 would be accepted"),
        (["umt"], "unknown model"),
    ],
)
def test_mistakes(arguments, says, capsys):
    assert main(["bench", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from Linux's /proc")
def test_the_largest_model_stays_small_in_memory():
    """One clip of UMT-L at 12 frames with its schedule for LSMDC, which observes attention in most layers: 512 MiB above the weights.

    Of its 24 layers the first 6, for nothing of one layer is kept for the next.
    """
    peak = bench._peak(bench.Setting(architecture("umt-l", depth=6), "fp32", 1), get_method("vid-tldr"), (250, 250, 200, 200))
    assert peak is not None
    assert 50 < peak <= 512  # one layer of MLP alone holds 37 MiB
