"""The table of benchmarks: which files annotate which split, and who reads them. Never imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tldr_search.data.benchmarks import (
    base_to_novel,
    demo,
    hmdb51,
    kinetics_csv,
    path_label_list,
    ssv2_json,
    ucf101,
    umt_json,
    umt_qa_json,
)
from tldr_search.data.benchmarks.forms import Form, either
from tldr_search.data.benchmarks.source import Source
from tldr_search.data.benchmarks.split import Split

__all__ = ["BENCHMARKS", "Benchmark", "Source"]


@dataclass(frozen=True)
class Benchmark:
    """A data set with its splits."""

    name: str
    """Name on the command line."""
    title: str
    """What it is, in a line."""
    tasks: tuple[str, ...]
    """What its annotations serve; the first is the default."""
    splits: Mapping[str, str]
    """Split -> its annotations, below the folder of all annotations; the first is the default."""
    videos: str
    """Its folder, below that of all videos."""
    reader: Callable[[Source], Split]
    """`ValueError`, in one line, for annotations that cannot be read or are malformed."""
    num_classes: int = 0
    """0: unknown, or it has none."""
    max_text_length: int | None = None
    """Word pieces of a text, with [CLS], of UMT's fine-tuned models; None: whatever the text tower takes.

    UMT's zero-shot evaluations take as many, but for LSMDC with UMT-B, where they take 64.
    """
    trim_seconds: float | None = None
    """Only so much of every video is looked at."""

    @property
    def default_split(self) -> str:
        """The first."""
        return next(iter(self.splits))


_retrieval = partial(Benchmark, tasks=("retrieval",))
_answering = partial(Benchmark, tasks=("question-answering",), max_text_length=25)
_classification = partial(Benchmark, tasks=("classification",))
_base_to_novel = partial(Benchmark, tasks=("base-to-novel",))


def _umt(stem: str, **names: str) -> dict[str, str]:
    """Split -> `<stem>_<name>.json`."""
    return {split: f"{stem}_{name}.json" for split, name in names.items()}


def _three(test: str, train: str) -> dict[str, str]:
    """The three splits of UCF101 and HMDB51; `{}` stands for which."""
    return {f"{part}{i}": name.format(i) for part, name in (("test", test), ("train", train)) for i in (1, 2, 3)}


_SSV2 = "ssv2/something-something-v2"
_LIST = Form(path_label_list.ACCEPTED, path_label_list.fits, path_label_list.read)
_LIST_BY_NAME = _LIST._replace(read=partial(path_label_list.read, by_name=True))
_k400 = either(Form(kinetics_csv.ACCEPTED, kinetics_csv.fits, kinetics_csv.read), _LIST)
_ssv2 = either(Form(ssv2_json.ACCEPTED, ssv2_json.fits, ssv2_json.read), _LIST)
_ucf101 = either(Form(ucf101.ACCEPTED, ucf101.fits, ucf101.read), _LIST_BY_NAME)
_hmdb51 = either(Form("a folder with <class>_test_split1.txt", hmdb51.fits, hmdb51.read), _LIST_BY_NAME)
_novel_by_name = partial(base_to_novel.read, by_name=True)

BENCHMARKS: dict[str, Benchmark] = {
    row.name: row
    for row in (
        Benchmark("demo", "500 synthetic clips of moving shapes, in the package", ("retrieval", "classification"),
                  {"report": "report.json", "search": "search.json"}, "", demo.read, len(demo.CLASSES)),
        _retrieval("msrvtt", "MSR-VTT, 1k test", splits=_umt("msrvtt_ret", test="test1k", train="train9k"),
                   videos="msrvtt", reader=umt_json.read, max_text_length=32),
        _retrieval("msvd", "MSVD", splits=_umt("msvd_ret", test="test", val="val", train="train"),
                   videos="msvd", reader=umt_json.read, max_text_length=64),
        _retrieval("activitynet", "ActivityNet Captions, paragraphs", splits=_umt("anet_ret", test="val", train="train"),
                   videos="activitynet", reader=umt_json.read_paragraphs, max_text_length=150),
        _retrieval("didemo", "DiDeMo, paragraphs, the first 30 seconds", splits=_umt("didemo_ret", test="test", val="val", train="train"),
                   videos="didemo", reader=umt_json.read_paragraphs, max_text_length=64, trim_seconds=30.0),
        _retrieval("lsmdc", "LSMDC, 1k test", splits=_umt("lsmdc_ret", test="test_1000", val="val", train="train"),
                   videos="lsmdc", reader=umt_json.read, max_text_length=96),
        _retrieval("ssv2-label", "Something-Something v2, labels", splits=_umt("ssv2_ret_label", val="val_small", train="train"),
                   videos="ssv2", reader=umt_json.read, max_text_length=25),
        _retrieval("ssv2-template", "Something-Something v2, templates", splits=_umt("ssv2_ret_template", val="val_small", train="train"),
                   videos="ssv2", reader=umt_json.read, max_text_length=25),
        _answering("msrvtt-qa", "MSRVTT-QA", splits=_umt("msrvtt_qa", test="test", val="val", train="train"),
                   videos="msrvtt", reader=partial(umt_qa_json.read, answers="msrvtt_qa_answer_list.json")),
        _answering("msvd-qa", "MSVD-QA", splits=_umt("msvd_qa", test="test", val="val", train="train"),
                   videos="msvd", reader=partial(umt_qa_json.read, answers="msvd_qa_answer_list.json")),
        _classification("k400", "Kinetics-400", splits={"val": "k400/val.csv", "train": "k400/train.csv"},
                        videos="k400", reader=_k400, num_classes=400),
        _classification("ssv2", "Something-Something v2", splits={"val": f"{_SSV2}-validation.json", "train": f"{_SSV2}-train.json"},
                        videos="ssv2", reader=_ssv2, num_classes=174),
        _classification("ucf101", "UCF101", splits=_three("ucf101/testlist0{}.txt", "ucf101/trainlist0{}.txt"),
                        videos="ucf101", reader=_ucf101, num_classes=101),
        _classification("hmdb51", "HMDB51", splits=_three("hmdb51", "hmdb51"),
                        videos="hmdb51", reader=_hmdb51, num_classes=51),
        _base_to_novel("ucf101-base-to-novel", "UCF101, 51 base and 50 novel classes", splits={"val": "ucf101-base-to-novel"},
                       videos="ucf101", reader=_novel_by_name, num_classes=101),
        _base_to_novel("hmdb51-base-to-novel", "HMDB51, 26 base and 25 novel classes", splits={"val": "hmdb51-base-to-novel"},
                       videos="hmdb51", reader=_novel_by_name, num_classes=51),
        _base_to_novel("ssv2-base-to-novel", "Something-Something v2, 87 base and 87 novel classes", splits={"val": "ssv2-base-to-novel"},
                       videos="ssv2", reader=base_to_novel.read, num_classes=174),
        _base_to_novel("k400-base-to-novel", "Kinetics-400, 200 base and 200 novel classes", splits={"val": "k400-base-to-novel"},
                       videos="k400", reader=base_to_novel.read, num_classes=400),
    )
}  # fmt: skip
