"""test_decoding's text is read as it was meant, whatever stands in names and values."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.databases.delta.decode import Net, text
from pytest_prodparity.databases.delta.shape import Column, Table

NASTY = '"Ta""b.le: INSERT:"'


def column(name: str, type_: str = "text") -> Column:
    quoted = name if name.isidentifier() and name.islower() else '"' + name.replace('"', '""') + '"'
    return Column(name=name, quoted=quoted, type=type_, cast=type_, oid=25, generated=False)


def table(printed: str, *columns: Column, key: tuple[int, ...] = ()) -> dict[str, Table]:
    made = Table(
        oid=1, filenode=1, name=printed, asked=printed, printed=printed, columns=columns, key=key, references={}
    )
    return {printed: made}


TABLES = table(
    f"public.{NASTY}", column("a", "integer"), column("old-key: b[text]:'"), column("c", '"we[]ird"."ty"" pe"[]')
)
VALUES = st.tuples(
    st.none() | st.integers().map(str),
    st.none() | st.text() | st.sampled_from(["null", "unchanged-toast-datum", "' new-tuple: a[integer]:1"]),
    st.none() | st.text(),
)


def printed(row: tuple[str | None, ...], *, nulls: bool) -> str:
    (made,) = TABLES.values()
    parts = []
    for shape, value in zip(made.columns, row, strict=True):
        if value is not None or nulls:
            shown = (
                "null" if value is None else value if shape.type == "integer" else "'" + value.replace("'", "''") + "'"
            )
            parts.append(f" {shape.quoted}[{shape.type}]:{shown}")
    return "".join(parts)


def line(kind: str, rest: str) -> str:
    return f"table public.{NASTY}: {kind}:{rest}"


def plain(image: tuple[str | None, ...]) -> tuple[str | None, ...]:
    return tuple(None if value is None else text(value) for value in image)


@given(row=VALUES)
def test_an_inserted_row_is_read(row: tuple[str | None, ...]) -> None:
    net = Net().fold(["BEGIN", line("INSERT", printed(row, nulls=True)), "COMMIT"], TABLES)
    assert net.unread == []
    (rows,) = net.rows.values()
    assert [plain(image) for image in rows.positives()] == [row]
    assert rows.negatives() == []


@given(rows=st.lists(VALUES, min_size=2, max_size=6))
def test_a_chain_of_updates_is_its_ends(rows: list[tuple[str | None, ...]]) -> None:
    lines = [
        line("UPDATE", f" old-key:{printed(old, nulls=False)} new-tuple:{printed(new, nulls=True)}")
        for old, new in pairwise(rows)
    ]
    net = Net().fold(lines, TABLES)
    assert net.unread == []
    if rows[0] == rows[-1]:
        assert not net
    else:
        (found,) = net.rows.values()
        assert [plain(image) for image in found.positives()] == [rows[-1]]
        assert [plain(image) for image in found.negatives()] == [rows[0]]
        assert [plain(origin) for origins in found.came.values() for origin in origins if origin] == [rows[0]]


@given(row=VALUES)
def test_what_came_and_went_is_nothing(row: tuple[str | None, ...]) -> None:
    lines = [line("INSERT", printed(row, nulls=True)), line("DELETE", printed(row, nulls=False))]
    assert not Net().fold(lines, TABLES)
    assert not Net().fold(reversed(lines), TABLES)


def test_a_value_that_was_not_touched_is_the_old_one() -> None:
    tables = table("public.t", column("id", "integer"), column("body"))
    changed = " old-key: id[integer]:1 body[text]:'long' new-tuple: id[integer]:2 body[text]:unchanged-toast-datum"
    net = Net().fold([f"table public.t: UPDATE:{changed}"], tables)
    assert net.rows["public.t"].positives() == [("2", "'long'")]


def test_what_cannot_be_read_is_said() -> None:
    lines = [
        "table public.t, public.u: TRUNCATE: (no-flags)",
        "table public.unknown: INSERT: a[integer]:1",
        "table pg_catalog.pg_largeobject: INSERT: loid[oid]:1",
        line("INSERT", " gone[text]:'x'"),
        line("DELETE", " (no-tuple-data)"),
        "message: transactional: 1 prefix: table public.t: INSERT:, sz: 1 content:x",
    ]
    assert Net().fold(lines, TABLES).unread == [
        "TRUNCATE of public.t, public.u",
        "the table public.unknown was not there at the start",
        "a large object was written",
        f"a row of public.{NASTY} does not have the columns of the start",
    ]


def test_booleans_and_bits_are_read_as_their_own_output() -> None:
    assert [text(value) for value in ("true", "false", "B'0101'", "'true'", "''''", "NaN")] == [
        "t", "f", "0101", "true", "'", "NaN",
    ]  # fmt: skip
