"""A delta prints well and compares."""

from __future__ import annotations

from pytest_prodparity.core.delta import Change, Delta, Moved


def insert(number: int, name: object = "n") -> Change:
    return Change(table="t", kind="insert", key={"id": number}, after={"id": number, "name": name})


UPDATE = Change(
    table="other.t", kind="update", key={"id": 1}, before={"id": 1, "n": 1, "m": 0}, after={"id": 1, "n": 2, "m": 0}
)


def test_the_order_of_changes_and_the_sequences_do_not_count() -> None:
    one = Delta(changes=(insert(1), insert(2)), sequences=(Moved(sequence="s", before=0, after=2),))
    assert one == Delta(changes=(insert(2), insert(1)))
    assert one != Delta(changes=(insert(1),))
    assert one != Delta(changes=(insert(1), insert(1)))
    assert one != "text"


def test_the_part_of_a_table_is_a_delta() -> None:
    whole = Delta(changes=(insert(1), UPDATE))
    assert whole["t"].inserted == [{"id": 1, "name": "n"}]
    assert whole["other.t"].updated == [({"id": 1, "n": 1, "m": 0}, {"id": 1, "n": 2, "m": 0})]
    assert not whole["unknown"]
    assert whole.tables == ("t", "other.t")
    assert len(whole) == 2


def test_a_delta_shows_what_changed_in_one_line_a_row() -> None:
    delta = Delta(
        changes=(insert(1, None), UPDATE),
        sequences=(Moved(sequence="s", before=1, after=3),),
        notes=("roles were changed",),
    )
    assert repr(delta) == (
        "<Delta: 1 insert, 1 update\n+ t(id=1) name=None\n~ other.t(id=1) n: 1 -> 2\n  s: 1 -> 3\n! roles were changed>"
    )


def test_a_long_delta_is_cut_and_counted() -> None:
    text = str(Delta(changes=tuple(insert(number, "x" * 1000) for number in range(25))))
    assert text.startswith("25 inserts\n")
    assert text.endswith("… and 5 more")
    assert "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'… (1000 characters)" in text
