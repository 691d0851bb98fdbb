"""Classes of `fedpolicy.records` behave as those of the standard library, which type checkers take them for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import typing

import pytest

from fedpolicy import records, startup


def both(test):
    return pytest.mark.parametrize("make", [dataclasses.dataclass, records.dataclass], ids=["standard", "ours"])(test)


def field(make):
    return dataclasses.field if make is dataclasses.dataclass else records.field


def point(make):
    @make(frozen=True, slots=True, kw_only=True)
    class Point:
        """A place."""

        x: int
        tags: list[str] = field(make)(default_factory=list)
        y: int = 2

        @property
        def total(self):
            return self.x + self.y

    return Point


@both
def test_what_it_is_made_with_is_what_it_holds(make):
    cls = point(make)

    assert (cls(x=1).x, cls(x=1).tags, cls(x=1).y, cls(x=1).total) == (1, [], 2, 3)
    assert cls(x=1).tags is not cls(x=1).tags
    assert cls(x=1, y=5) == dataclasses.replace(cls(x=1), y=5)
    assert repr(cls(x=1)).endswith("Point(x=1, tags=[], y=2)")
    assert dataclasses.asdict(cls(x=1)) == {"x": 1, "tags": [], "y": 2}


@both
def test_the_first_objects_are_made_as_the_later_ones_are(make):
    cls = point(make)

    made = [cls(x=1, y=number % 3) for number in range(200)]

    assert made[0] == made[198] == cls(x=1, y=0)
    assert len({id(one.tags) for one in made}) == 200
    assert [one.y for one in made] == [0, 1, 2] * 66 + [0, 1]


def test_what_a_wheel_carries_is_what_a_checkout_compiles():
    carried = {}
    exec(records.forms_source(), carried)  # noqa: S102  our own

    told = {count: (code.co_code, code.co_names) for count, code in carried["FORMS"].items()}
    assert told == {count: (records.form(count).co_code, records.form(count).co_names) for count in range(32)}


@both
@pytest.mark.parametrize("replace", [dataclasses.replace, records.replace], ids=["standard", "ours"])
def test_the_same_with_other_values(make, replace):
    one = point(make)(x=1, tags=["a"])

    assert (replace(one, y=5).x, replace(one, y=5).tags, replace(one, y=5).y) == (1, ["a"], 5)
    with pytest.raises(TypeError, match="z"):
        replace(one, z=1)


@both
@pytest.mark.parametrize("given", [{}, {"x": 1, "z": 2}])
def test_a_missing_or_unknown_field_is_an_error(make, given):
    with pytest.raises(TypeError, match=r"__init__\(\)"):
        point(make)(**given)


@both
def test_positions_are_for_fields_that_allow_them(make):
    @make(frozen=True, slots=True)
    class Pair:
        first: int
        second: int = 2

    assert Pair(1) == Pair(first=1, second=2) == Pair(1, second=2) == Pair(1, 2)
    for wrong in (lambda: point(make)(1), lambda: Pair(1, 2, 3)):
        with pytest.raises(TypeError, match="positional"):
            wrong()
    with pytest.raises(TypeError, match="multiple values"):
        Pair(1, first=2)


@both
def test_nothing_can_be_changed_or_added(make):
    one = point(make)(x=1)

    for change in (lambda: setattr(one, "x", 2), lambda: setattr(one, "z", 2), lambda: delattr(one, "x")):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):  # the standard one stumbles over `z`
            change()
    assert not hasattr(one, "__dict__")


@both
def test_equal_means_the_same_class_and_the_same_values(make):
    @make(frozen=True, slots=True, kw_only=True)
    class Some:
        x: int = 1
        y: tuple[int, ...] = ()

    @make(frozen=True, slots=True, kw_only=True)
    class Other:
        x: int = 1
        y: tuple[int, ...] = ()

    assert Some() == Some()
    assert Some() != Some(x=2)
    assert Some() != Other()
    assert len({Some(), Some(), Some(x=2), Other()}) == 3


@both
def test_without_equality_a_class_is_told_apart_by_identity(make):
    @make(frozen=True, slots=True, kw_only=True, eq=False)
    class Some:
        x: int = 1

    one = Some()
    assert one == one  # noqa: PLR0124  the question
    assert one != Some()
    assert len({one, Some()}) == 2


@both
def test_what_a_class_says_itself_holds(make):
    @make(frozen=True, slots=True)
    class Loud:
        x: int

        def __repr__(self):
            return "LOUD"

    @make(frozen=True, slots=True)
    class Nothing:
        """No fields."""

    assert repr(Loud(1)) == "LOUD"
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())


@both
def test_other_kinds_are_left_to_the_standard_library(make):
    @make(frozen=True)
    class Roomy:
        x: int
        y: list[int] = field(make)(default_factory=list)

    @make(slots=True)
    class Busy:
        x: int

        def __post_init__(self):
            self.x += 1

    assert Roomy(1).__dict__ == {"x": 1, "y": []}
    assert Roomy(1).y is not Roomy(1).y
    assert Busy(1).x == 2


@both
def test_those_with_an_order_compare_field_by_field(make):
    @make(frozen=True, slots=True, kw_only=True, order=True)
    class Ranked:
        x: int
        y: int = 0

    @make(frozen=True, slots=True, order=True)
    class Other:
        x: int

    low, high = Ranked(x=1, y=5), Ranked(x=2)
    assert low < high
    assert low <= high
    assert low <= Ranked(x=1, y=5)
    assert high > low
    assert high >= low
    assert sorted([high, Ranked(x=1, y=6), low]) == [low, Ranked(x=1, y=6), high]
    with pytest.raises(TypeError, match="not supported"):
        sorted([low, Other(1)])


@both
def test_what_is_not_frozen_can_be_changed_and_has_no_hash(make):
    @make(slots=True)
    class Open:
        x: int
        y: list[int] = field(make)(default_factory=list)

    @make(slots=True, eq=False)
    class Single:
        x: int

    one = Open(1)
    one.x = 2
    assert one == Open(2)
    assert repr(one).endswith("Open(x=2, y=[])")
    assert not hasattr(one, "__dict__")
    assert copy.copy(one) == one
    assert len({Single(1), Single(1)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


@records.dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    x: int
    y: tuple[int, ...] = ()


def test_copies_and_pickles_are_equal():
    one = Kept(x=1, y=(2,))

    assert copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301  our own


def test_what_only_the_standard_library_says_of_a_field_it_reads_itself():
    @records.dataclass(frozen=True, slots=True, kw_only=True)
    class Quiet:
        x: int
        y: int = dataclasses.field(default=0, compare=False)

    assert Quiet(x=1, y=1) == Quiet(x=1)


class Pair(startup.NamedTuple):
    """Two."""

    first: int
    second: typing.Sequence[str] = ()

    @property
    def size(self) -> int:
        return self.first + len(self.second)


class StandardPair(typing.NamedTuple):
    """Two."""

    first: int
    second: typing.Sequence[str] = ()

    @property
    def size(self) -> int:
        return self.first + len(self.second)


@pytest.mark.parametrize("cls", [StandardPair, Pair], ids=["standard", "ours"])
def test_a_tuple_with_names_is_that_of_the_standard_library(cls):
    one = cls(1, second=("a",))

    assert (one, one.size, cls(1).second, cls._fields, cls._field_defaults) == (
        (1, ("a",)),
        2,
        (),
        ("first", "second"),
        {"second": ()},
    )
    assert repr(one) == f"{cls.__name__}(first=1, second=('a',))"
    assert one._replace(first=3) == (3, ("a",))
    assert (cls.__doc__, cls.__module__, cls.__mro__[1:]) == ("Two.", __name__, (tuple, object))
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  our own
    with pytest.raises(TypeError, match="first"):
        cls()
