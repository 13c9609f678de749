"""Reading: containers, stand-ins, refusals, TorchScript, directories, the hub."""

import argparse
import json
import os
import pickle
import sys
import types
import zipfile
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import save_file
from torch import nn

from tldr_search.backbones.checkpoints import read_state

WEIGHT = torch.arange(4.0).view(2, 2)


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_the_evil_pickle_works(tmp_path):
    pickle.loads(pickle.dumps(Evil(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def archive(content, path):
    """As torch.jit.save writes one."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a/data.pkl", pickle.dumps(content, protocol=2))
        file.writestr("a/constants.pkl", pickle.dumps((), protocol=2))


def directory(content, path):
    path.mkdir()
    torch.save(content, path / "pytorch_model.bin")


WRITERS = {
    "zip": torch.save,
    "legacy": lambda content, path: torch.save(content, path, _use_new_zipfile_serialization=False),
    "plain": lambda content, path: path.write_bytes(pickle.dumps(content)),
    "torchscript": archive,
    "directory": directory,
}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("place", ["weights", "beside"])
def test_files_that_would_run_code_are_refused(tmp_path, form, place):
    path = tmp_path / "evil"
    evil = Evil(tmp_path / "ran")
    WRITERS[form]({"model": {"weight": evil if place == "weights" else WEIGHT}, "config": evil}, path)
    with pytest.raises(ValueError, match="could run code") as error:
        read_state(path)
    assert not (tmp_path / "ran").exists()
    assert "\n" not in str(error.value)


def test_configurations_beside_the_weights_are_inert(tmp_path, monkeypatch):
    """As training scripts save them; the classes with behaviour of their own are not installed where the file is read."""

    def fails(*_):
        raise AssertionError("its own class was used")

    modules = {}

    def foreign(name, base):
        module, cls = name.rsplit(".", 1)
        for depth in range(1, module.count(".") + 2):
            part = ".".join(module.split(".")[:depth])
            monkeypatch.setitem(sys.modules, part, modules.setdefault(part, types.ModuleType(part)))
        made = type(cls, (base,), {"__module__": module, "__qualname__": cls})
        setattr(sys.modules[module], cls, made)
        return made

    cfg = foreign("yacs.config.CfgNode", dict)
    easy = foreign("utils.easydict.EasyDict", dict)
    meta = foreign("mmcv.utils.config.ConfigDict", dict)
    whole = foreign("mmcv.utils.config.Config", object)
    whole.__getstate__ = lambda self: ({"a": 1}, "config.py", "text")
    configs = [cfg(lr=1.0), easy(a=easy(b=2)), meta(c=3), whole(), argparse.Namespace(d=[4])]
    configs[0].frozen = configs[1]["a"].lr = True
    numbers = [np.float64(81.5), np.arange(3), Path("runs")]
    torch.save({"model": {"weight": WEIGHT}, "config": configs, "max_accuracy": numbers}, tmp_path / "train.pth")
    for cls in (cfg, easy, meta, whole):
        cls.__setstate__ = cls.__setitem__ = cls.__new__ = fails
    assert read_state(tmp_path / "train.pth")["weight"].equal(WEIGHT)


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Parameter(torch.randn(3, 2).half().t())
        self.layers = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3))
        self.register_buffer("input_resolution", torch.tensor(224))
        self.sizes = [1, 2]

    def forward(self, x):
        return self.layers(x) @ self.proj.t() * self.sizes[0]


@pytest.mark.parametrize("make", [torch.jit.script, lambda module: torch.jit.trace(module.float(), torch.zeros(1, 2))])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript(tmp_path, make, monkeypatch):
    module = Tower()
    make(module).save(tmp_path / "tower.pt")
    monkeypatch.setattr(torch.jit, "load", None)
    state = read_state(tmp_path / "tower.pt")
    expected = module.state_dict()
    assert set(state) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(state[name], value.float() if value.is_floating_point() else value, rtol=0, atol=0)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_directories(tmp_path, parts, kind):
    state = {"a": WEIGHT, "b": WEIGHT + 1}
    name, write = {"safetensors": ("model.safetensors", save_file), "bin": ("pytorch_model.bin", torch.save)}[kind]
    if parts == 1:
        write(state, tmp_path / name)
    else:
        files = {key: f"{Path(name).stem}-{i}-of-2.{kind}" for i, key in enumerate(state)}
        for key, file in files.items():
            write({key: state[key]}, tmp_path / file)
        (tmp_path / f"{name}.index.json").write_text(json.dumps({"weight_map": files}))
    assert {key: value.tolist() for key, value in read_state(tmp_path).items()} == {key: value.tolist() for key, value in state.items()}


def test_directories_that_lack_something(tmp_path):
    with pytest.raises(ValueError, match="no weights in this directory"):
        read_state(tmp_path)
    index = tmp_path / "model.safetensors.index.json"
    for listed, message in (("../other.safetensors", "lists no weights"), ("one.safetensors", "b are listed, but in none")):
        save_file({"a": WEIGHT}, tmp_path / "one.safetensors")
        index.write_text(json.dumps({"weight_map": {"a": listed, "b": listed}}))
        with pytest.raises(ValueError, match=message):
            read_state(tmp_path)
    index.write_text("[")
    with pytest.raises(ValueError, match="no readable JSON"):
        read_state(tmp_path)


@pytest.mark.parametrize("there", ["model.safetensors", "pytorch_model.bin"])
def test_hub(tmp_path, monkeypatch, there):
    asked = []

    def snapshot_download(repository, *, allow_patterns):
        asked.append(repository)
        if there in allow_patterns:
            (save_file if there.endswith("safetensors") else torch.save)({"a": WEIGHT}, tmp_path / there)
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    assert read_state("owner/name-of-model")["a"].equal(WEIGHT)
    assert asked == ["owner/name-of-model"] * (1 if there == "model.safetensors" else 2), "pickles only where there is nothing else"


def test_hub_beside_weights_of_another_library(tmp_path, monkeypatch):
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"not read")
    torch.save({"a": WEIGHT}, tmp_path / "pytorch_model.bin")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, allow_patterns: str(tmp_path))
    assert read_state("owner/name")["a"].equal(WEIGHT)


class HangingUpError(Exception):
    """As the HTTP library below the hub's has them: no OSError, and of another module from version to version."""


def test_hub_that_hangs_up(monkeypatch):
    def snapshot_download(*_, **__):
        raise HangingUpError("peer closed connection\nwithout sending complete message body")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(ValueError, match="does not give it: HangingUpError: peer closed connection without sending complete message body;"):
        read_state("owner/name")


def test_hub_without_an_answer(monkeypatch):
    def snapshot_download(*_, **__):
        raise LocalEntryNotFoundError("nothing on disk.\n\nAnd no connection.")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(ValueError, match=r"the hub does not give it: LocalEntryNotFoundError: nothing on disk. And no connection."):
        read_state("owner/nothing")
    for path in ("weights/umt.pth", "umt", "a/b/c", Path("owner/name"), "../owner/name"):
        with pytest.raises(ValueError, match="no such file; a file"):
            read_state(path)
