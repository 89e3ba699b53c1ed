"""Two runs that did the same are equal, whatever ids and clocks they saw; two that did not are not."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.core.delta import Change, Delta
from pytest_prodparity.core.equality import canonical, difference, volatile

REFERENCES = {("lines", "order"): ("orders", "id"), ("orders", "copy_of"): ("orders", "id")}
Story = list[tuple[int | None, str, list[int]]]
"""Orders: the earlier order that each copies, a text, and the amounts of its lines."""
MASK = frozenset({("orders", "id"), ("orders", "copy_of"), ("orders", "at"), ("lines", "order"), ("lines", "id")})


def order(number: object, *, at: float = 0.0, copy_of: object = None, text: str = "x") -> Change:
    row = {"id": number, "at": at, "copy_of": copy_of, "text": text}
    return Change(table="orders", kind="insert", key={"id": number}, after=row)


def line(number: object, of: object, amount: int) -> Change:
    row = {"id": number, "order": of, "amount": amount}
    return Change(table="lines", kind="insert", key={"id": number}, after=row)


def delta(*changes: Change) -> Delta:
    return Delta(changes=changes, references=REFERENCES)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A random story."""
    count = draw(st.integers(1, 5))
    return [
        (
            draw(st.none() | st.integers(0, at - 1)) if at else None,
            draw(st.sampled_from(["x", "y"])),
            draw(st.lists(st.integers(0, 3), max_size=3)),
        )
        for at in range(count)
    ]


def told(story: Story, seed: int) -> Delta:
    """The delta of a story, with ids and clocks that follow from the seed."""
    ids = [str(uuid.UUID(int=seed * 1000 + at + 1)) for at in range(len(story))]
    changes: list[Change] = []
    for at, (copied, text, amounts) in enumerate(story):
        changes.append(order(ids[at], at=seed + at / 10, copy_of=None if copied is None else ids[copied], text=text))
        changes += [line(seed * 100 + at * 10 + n, ids[at], amount) for n, amount in enumerate(amounts)]
    return delta(*changes)


@given(story=stories(), first=st.integers(1, 50), second=st.integers(51, 99))
def test_other_ids_and_clocks_make_no_difference(story: Story, first: int, second: int) -> None:
    assert not difference(told(story, first), told(story, second), masked=MASK)


@given(story=stories(), first=st.integers(1, 50), second=st.integers(51, 99))
def test_two_clean_runs_tell_what_is_volatile(story: Story, first: int, second: int) -> None:
    one, other = told(story, first), told(story, second)
    found = volatile(one, other)
    assert found <= MASK
    assert ("orders", "id") in found
    assert not difference(one, other, masked=found)


@given(story=stories(), data=st.data())
def test_a_lost_or_doubled_change_is_a_difference(story: Story, data: st.DataObject) -> None:
    whole = told(story, 1)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = list(told(story, 2))
    lost = delta(*other[:at], *other[at + 1 :])
    doubled = delta(*other, other[at])
    assert difference(whole, lost, masked=MASK).missing
    assert difference(whole, doubled, masked=MASK).extra


@given(amounts=st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), seed=st.integers(2, 9))
def test_a_line_of_another_order_is_a_difference(amounts: list[int], seed: int) -> None:
    def run(of: int, base: int) -> Delta:
        ids = [base + 1, base + 2]
        return delta(
            order(ids[0], text="first"), order(ids[1], text="second"),
            *(line(base + n, ids[of], amount) for n, amount in enumerate(amounts)),
        )  # fmt: skip

    assert not difference(run(0, 100), run(0, seed * 1000), masked=MASK)
    assert difference(run(0, 100), run(1, seed * 1000), masked=MASK)


@given(story=stories(), seed=st.integers(2, 9))
def test_the_order_of_different_rows_does_not_count(story: Story, seed: int) -> None:
    plain: Story = [(None, f"{text}{at}", []) for at, (_, text, _) in enumerate(story)]
    one, other = told(plain, 1), told(plain, seed)
    assert not difference(one, delta(*reversed(list(other))), masked=MASK)


@given(values=st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=3), max_size=3))
def test_a_delta_equals_itself_and_its_canonical_form_is_stable(values: Mapping[str, object]) -> None:
    one = delta(Change(table="t", kind="insert", key={}, after=values))
    again = delta(Change(table="t", kind="insert", key={}, after=dict(values)))
    assert one == again
    assert canonical(one, ()) == canonical(again, ())
    assert not difference(one, again)


def test_whether_there_is_a_value_is_never_masked() -> None:
    one, other = delta(order("a" * 20, copy_of="a" * 20)), delta(order("b" * 20, copy_of=None))
    found = difference(one, other, masked=MASK)
    assert len(found.missing) == len(found.extra) == 1
    assert "copy_of=NULL" in str(found)


def test_a_random_id_is_followed_without_a_foreign_key() -> None:
    def run(first: str, second: str, logged: str) -> Delta:
        entry = Change(table="log", kind="insert", key={}, after={"what": logged})
        return Delta(changes=(order(first, text="one"), order(second, text="two"), entry))

    mask = MASK | {("log", "what")}
    a, b, c, d = (str(uuid.UUID(int=n)) for n in range(4))
    assert not difference(run(a, b, a), run(c, d, c), masked=mask)
    assert difference(run(a, b, a), run(c, d, d), masked=mask)


def test_how_far_a_run_had_come_says_nothing_of_a_column() -> None:
    """Two tasks at once: on the way, the first row is written in one run and the second in the other."""

    def priced(first: int, second: int, until: str | None = None) -> Delta:
        rows = [{"id": 1, "price": first, "locked_until": until}, {"id": 2, "price": second, "locked_until": until}]
        return delta(*[Change(table="products", kind="insert", key={"id": row["id"]}, after=row) for row in rows])

    start, end = priced(10, 20), priced(3, 3)
    one, other = priced(3, 20, "12:01"), priced(10, 3, "12:02")

    assert volatile(one, other) == {("products", "price"), ("products", "locked_until")}
    assert volatile(one, other, ends=(start, end)) == {("products", "locked_until")}
