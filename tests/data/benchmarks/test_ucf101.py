"""UCF101's official lists."""

from __future__ import annotations

import pytest

from tldr_search.data.benchmarks import BENCHMARKS, ucf101

CLASSES = "1 Hammering\r\n2 HammerThrow\r\n3 HandstandPushups\r\n4 JumpRope\r\n\r\n"
"""As in the official file: in order, ignoring case."""
TEST = "HandstandPushups/v_HandStandPushups_g01_c01.avi\r\nHammerThrow/v_HammerThrow_g01_c02.avi\r\nJumpRope/v_JumpRope_g02_c01.avi\r\n"
NAMES = [line.strip() for line in TEST.splitlines()]


def test_the_class_is_that_of_the_folder(annotate) -> None:
    source = annotate({"testlist01.txt": "\ufeff" + TEST, "classInd.txt": CLASSES}, num_classes=4)
    split = ucf101.read(source)
    assert split.classes == ("Hammering", "HammerThrow", "HandstandPushups", "JumpRope")
    assert split.labels == (2, 1, 3)
    assert [video.name for video in split.videos] == NAMES
    assert [video.path for video in split.videos] == [source.videos / name for name in NAMES]
    assert split.sources == (source.annotations, source.annotations.with_name("classInd.txt"))


def test_train_lists_have_numbers_from_1(annotate) -> None:
    text = "HandstandPushups/v_HandStandPushups_g08_c01.avi 3\nhammering/v_Hammering_g01_c01.avi 1\n"
    assert ucf101.read(annotate({"trainlist01.txt": text, "classInd.txt": CLASSES})).labels == (2, 0)


def test_files_are_found_ignoring_case_in_their_folder_or_flat(annotate, videos) -> None:
    root = videos("HandstandPushups/v_HandstandPushups_g01_c01.avi", "HammerThrow/v_HammerThrow_g01_c02.avi", "v_JumpRope_g02_c01.AVI")
    paths = [video.path for video in ucf101.read(annotate({"testlist01.txt": TEST, "classInd.txt": CLASSES})).videos]
    assert [str(path.relative_to(root)) for path in paths] == [
        "HandstandPushups/v_HandstandPushups_g01_c01.avi",
        "HammerThrow/v_HammerThrow_g01_c02.avi",
        "v_JumpRope_g02_c01.AVI",
    ]
    videos("JumpRope/v_jumprope_g02_c01.avi")  # two that it might be
    assert ucf101.read(annotate({"testlist01.txt": TEST, "classInd.txt": CLASSES})).videos[2].path == root / NAMES[2]


@pytest.mark.parametrize("line", ["JumpRope/v_JumpRope_g08_c01.avi 4", "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1"])
def test_numbers_without_an_index_are_refused(annotate, line: str) -> None:
    source = annotate({"trainlist01.txt": f"{line}\n"})
    with pytest.raises(ValueError) as error:
        BENCHMARKS["ucf101"].reader(source)
    assert str(error.value) == (
        f"{source.annotations}, line 1: {line!r}: classInd.txt beside the list, to tell whether its numbers count from 0 or from 1, "
        "would be accepted"
    )


@pytest.mark.parametrize(
    "line", ["/data/JumpRope/v_JumpRope_g08_c01.avi 4", "v_JumpRope_g08_c01.avi 4", "JumpRope/v_JumpRope_g08_c01.avi 0"]
)
def test_lists_that_are_not_official_need_no_index(annotate, line: str) -> None:
    assert BENCHMARKS["ucf101"].reader(annotate({"list.csv": f"{line}\n"})).labels == (int(line[-1]),)


@pytest.mark.parametrize(
    ("text", "classes", "message"),
    [
        ("Juggling/a.avi", CLASSES, "testlist01.txt, line 1: 'Juggling/a.avi': <class>/<file> of a class in classInd.txt"),
        ("JumpRope/a.avi\na.avi", CLASSES, "testlist01.txt, line 2: 'a.avi': <class>/<file> of a class in classInd.txt"),
        ("JumpRope/a.avi 4\nJumpRope/b.avi 3", CLASSES, "line 2: 'JumpRope/b.avi 3': 4, the number of the class in classInd.txt,"),
        ("JumpRope/a.avi\nJumpRope/a.avi 4", CLASSES, "line 2: 'JumpRope/a.avi 4': a video that is not in testlist01.txt, line 1, already"),
        (TEST, "1 Hammering\n", "classInd.txt: 1 classes; 4"),
        (TEST, "1 Hammering\n1 HammerThrow\n", "classInd.txt, line 2: '1 HammerThrow': each number from 1 to 2 once"),
        (TEST, "0 Hammering\n1 HammerThrow\n", "classInd.txt, line 1: '0 Hammering': each number from 1 to 2 once"),
        (TEST, "1 Hammer Throw\n", "classInd.txt, line 1: '1 Hammer Throw': <number from 1> <class>"),
        (TEST, "Hammering 1\n", "classInd.txt, line 1: 'Hammering 1': <number from 1> <class>"),
        (TEST, "", "classInd.txt: empty; <number from 1> <class>"),
    ],
)
def test_malformed_lines(annotate, text: str, classes: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        ucf101.read(annotate({"testlist01.txt": text, "classInd.txt": classes}, num_classes=4))
    assert message in str(error.value)
    assert str(error.value).endswith("would be accepted")
