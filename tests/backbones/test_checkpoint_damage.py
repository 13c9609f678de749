"""Damaged and crafted files: one line, never a traceback, and nothing of them is run."""

import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from tldr_search.backbones.checkpoints import read_state
from tldr_search.mistakes import is_mistake

WEIGHT = torch.arange(4.0).view(2, 2)


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def text(content):
    return b"X" + struct.pack("<I", len(content)) + content.encode()


ORDERED = name("collections", "OrderedDict") + b")R"
MODULE = name("__torch__", "M") + b")\x81"


def container(method, value=b"K\x01"):
    """{"model": an OrderedDict with an attribute}"""
    return b"}" + text("model") + ORDERED + b"}" + text(method) + value + b"sbs"


def archive(path, pickled, *beside):
    with zipfile.ZipFile(path, "w") as file:
        for entry, content in (("version", "3\n"), ("byteorder", "little"), *((entry, "x") for entry in beside)):
            file.writestr(f"archive/{entry}", content)
        file.writestr("archive/data.pkl", b"\x80\x02" + pickled + b".")


def scripted(path, pickled):
    archive(path, pickled, "constants.pkl")


def broken_directory(path):
    torch.save({"a": WEIGHT}, path)
    content = bytearray(path.read_bytes())
    place = content.rfind(b"PK\x01\x02")
    content[place : place + 4] = b"XXXX"
    path.write_bytes(content)


def broken_name(path):
    torch.save({"a": WEIGHT}, path)
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x01\x02")
    content[place + 46 : place + 50] = b"\xff\xfe\xff\xfe"
    content[place + 9] |= 8  # names are UTF-8
    path.write_bytes(content)


def broken_stream(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/constants.pkl", b"x")
        file.writestr("a/data.pkl", bytes(range(256)) * 20)
    content = bytearray(path.read_bytes())
    place = content.find(b"a/data.pkl") + len("a/data.pkl")
    content[place : place + 12] = b"\xff" * 12
    path.write_bytes(content)


def zeroed_pickle(path):
    torch.save({"a": WEIGHT}, path)
    content = bytearray(path.read_bytes())
    place = content.find(b"\x80\x02")
    content[place + 2 : place + 30] = bytes(28)
    path.write_bytes(content)


DAMAGED = {
    "central directory": (broken_directory, "is no readable checkpoint: zipfile.BadZipFile: "),
    "name in it": (broken_name, "is no readable checkpoint: "),
    "deflate": (broken_stream, "is no readable checkpoint: zlib.error: "),
    "pickle": (zeroed_pickle, "is no readable checkpoint: Unsupported operand 0;"),
    "memo": (lambda path: archive(path, b"h\x07"), "is no readable checkpoint: KeyError: 7;"),
    "in itself": (lambda path: archive(path, b"}q\x00" + text("model") + b"h\x00s"), "RecursionError"),
    "deep": (lambda path: archive(path, (b"}" + text("model")) * 3000 + b"}" + b"s" * 3000), "RecursionError"),
    "get": (lambda path: archive(path, container("get")), "holds no parameters"),
    "items": (lambda path: archive(path, container("items")), "holds no parameters"),
    "scripted in itself": (lambda path: scripted(path, MODULE + b"q\x05}" + text("a") + b"h\x05sb"), "RecursionError"),
    "scripted deep": (lambda path: scripted(path, (MODULE + b"}" + text("a")) * 3000 + b"N" + b"sb" * 3000), "RecursionError"),
    "scripted without state": (lambda path: scripted(path, MODULE), "holds no parameters"),
    "scripted items": (lambda path: scripted(path, MODULE + ORDERED + b"}" + text("items") + b"K\x01sbb"), "holds no parameters"),
    "empty": (lambda path: path.write_bytes(b""), "is no readable checkpoint: it is empty;"),
    "text": (lambda path: path.write_text("import os\nfoo bar\n"), "is no readable checkpoint: no zip archive and no pickle;"),
    "opcode": (lambda path: archive(path, b"I1\n"), r"more than tensors \(opcode INT\)"),
    "class": (lambda path: archive(path, name("os", "environ")), r"more than tensors \(os.environ\)"),
    "protocol 0": (lambda path: path.write_bytes(pickle.dumps({"a": read_state}, 0)), r"more than tensors \(tldr_search.*read_state\)"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_one_line(tmp_path, kind):
    make, message = DAMAGED[kind]
    make(tmp_path / "broken.pth")
    with pytest.raises(ValueError, match=message) as error:
        read_state(tmp_path / "broken.pth")
    assert "\n" not in str(error.value)
    assert "weights_only" not in str(error.value), "advice to read it in the unsafe way"
    assert is_mistake(error.value), "told on the command line as the user's mistake"


def test_attributes_of_a_tensor_do_not_replace_its_methods(tmp_path):
    weight = torch.nn.Parameter(WEIGHT.clone())
    weight.is_floating_point = weight.float = 1
    torch.save({"a": weight}, tmp_path / "attributes.pth")
    assert read_state(tmp_path / "attributes.pth")["a"].equal(WEIGHT)


def test_an_empty_safetensors(tmp_path):
    (tmp_path / "a.safetensors").touch()
    with pytest.raises(ValueError, match="it is empty"):
        read_state(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a" * 5000, "a{300}...' cannot be looked up: OSError: .*too long"),
        (f"owner/{'a' * 5000}", "cannot be looked up"),
        ("a\0b", r"'a\\x00b': no such file"),
        ("", "checkpoint '': no such file"),
        (Path("/dev/null"), "no such file"),
    ],
)
def test_names_that_no_file_has(source, message):
    with pytest.raises(ValueError, match=message) as error:
        read_state(source)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("[" * 100_000, "no readable JSON file: RecursionError"),
        (json.dumps({"weight_map": {"a": ".."}}), "no such file"),
        (json.dumps({"weight_map": {"a": "b" * 5000}}), "OSError"),
        (json.dumps({"weight_map": {"a\nb": "part.bin"}}), "a b are listed, but in none"),
    ],
)
def test_crafted_indices(tmp_path, index, message):
    torch.save({"c": WEIGHT}, tmp_path / "part.bin")
    (tmp_path / "pytorch_model.bin.index.json").write_text(index)
    with pytest.raises(ValueError, match=message) as error:
        read_state(tmp_path)
    assert "\n" not in str(error.value)
