import pytest

from tldr_search.reducers import METHODS, get_method
from tldr_search.schedule import Geometry, constant, decreasing, linear, parse_schedule, transfer

UMT = Geometry(num_tokens=2352, groups=12, depth=12, dim=768, heads=12)
MINI = Geometry(num_tokens=288, groups=8, depth=12, dim=128, heads=4)


@pytest.mark.parametrize("text,expected", [("600,200,100", (600, 200, 100)), ("0", (0,)), (" 4 , 2 ", (4, 2))])
def test_parse(text, expected):
    assert parse_schedule(text) == expected


@pytest.mark.parametrize(
    "text,wrong", [("600;200", "'600;200'"), ("", "''"), ("6,,1", "entry 2 is ''"), ("6,-1", "'-1'"), ("6,1.5", "'1.5'"), ("²", "'²'")]
)
def test_parse_names_the_wrong_entry(text, wrong):
    with pytest.raises(ValueError, match="would be accepted") as error:
        parse_schedule(text)
    assert wrong in str(error.value)


def test_shapes():
    assert constant(8, 3) == (8, 8, 8)
    assert decreasing(10, 5) == (20, 15, 10, 5, 0)
    assert linear(10, 1, 5) == (0, 5, 10, 15, 20)
    assert linear(10, 0, 4) == constant(10, 4)
    with pytest.raises(ValueError, match="inflection 2"):
        linear(10, 2, 4)


def test_transfer_keeps_the_fraction_left():
    method = get_method("vid-tldr")
    schedule = transfer((600, 200, 100), method, UMT, MINI)
    # 1752/2352, 1552/2352 and 1452/2352 of 288 are 214.53, 190.04 and 177.80
    assert schedule[:4] == (288 - 215, 215 - 190, 190 - 178, 0)
    assert transfer((600, 200, 100), method, UMT, UMT) == method.full((600, 200, 100), UMT)


@pytest.mark.parametrize("name", METHODS)
def test_transfer_does_not_drift(name):
    method = get_method(name)
    schedule = method.full((7,) * method.slots(UMT), UMT)
    there = transfer(schedule, method, UMT, MINI)
    before, after = method.removed(schedule, UMT), method.removed(there, MINI)
    for layer in range(1, 13):
        here = (2352 - sum(before[:layer])) * 288 / 2352
        assert abs(288 - sum(after[:layer]) - here) <= (8 if name == "sta" else 1) / 2


def test_transfer_of_sta_counts_per_group():
    method = get_method("sta")
    there = transfer((28, 28, 28), method, UMT, MINI)
    # left per group: 168/196 of 36 is 30.86; then 308/336 x ... by the fraction of all tokens left
    assert there[0] == 36 - 31
    assert len(there) == 3
    assert sum(method.removed(there, MINI)) == 8 * there[0] + 4 * there[1] + 2 * there[2]


def test_transfer_rejects():
    method = get_method("vid-tldr")
    with pytest.raises(ValueError, match="12 layers cannot be carried to 24"):
        transfer((1,), method, UMT, UMT._replace(depth=24))
    with pytest.raises(ValueError, match="7 tokens arrive"):
        transfer((4, 2), method, UMT._replace(num_tokens=8), UMT._replace(num_tokens=13))
