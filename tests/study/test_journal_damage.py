"""A journal that was damaged is told in one line, and left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tldr_search.study.storage import JOURNAL, open_storage, open_study


def journal(run: Path) -> Path:
    """Of a few trials."""
    study = open_study(open_storage(run, None, print), "demo")
    for _ in range(3):
        study.tell(study.ask(), 1.0)
    return run / JOURNAL


@pytest.mark.parametrize("url", [None, "journal:{}"])
@pytest.mark.parametrize(
    "line, says", [(b"\0" * 40, "line 4 is not what a study wrote"), (b'{"op_code":99}', "is damaged (")], ids=["zeros", "no operation"]
)
def test_damage_in_the_middle_is_one_line(line: bytes, says: str, url: str | None, tmp_path: Path) -> None:
    path = journal(tmp_path)
    lines = path.read_bytes().split(b"\n")
    lines[3] = line
    path.write_bytes(b"\n".join(lines))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="would be accepted") as caught:
        open_storage(tmp_path, url and url.format(path), print)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert path.read_bytes() == before


def test_a_torn_last_line_is_no_damage(tmp_path: Path) -> None:
    path = journal(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    assert len(open_study(open_storage(tmp_path, None, print), "demo").trials) == 3
