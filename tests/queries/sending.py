"""Trips by hand, as the wire would record them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from pytest_prodparity.core.findings import Source
from pytest_prodparity.wire.trip import Parameter, Statement, Trip

_numbers = count(1)

TEST = "tests/test_shop.py::test_shop"


def text(value: object) -> Parameter:
    """A value as psycopg 3 sends it."""
    return Parameter(value=None if value is None else str(value).encode(), binary=False, oid=0)


def sent(
    sql: str,
    *values: object,
    rows: int = 0,
    at: str = "shop/orders.py:31 open_orders",
    stack: Sequence[str] | None = None,
    state: str = "II",
    connection: int = 1,
    suspended: bool = False,
    sqlstate: str | None = None,
) -> Trip:
    """One trip with one statement, from `at`; `stack` goes on from there outwards, by default to the test."""
    number = next(_numbers)
    frames = (at, *(stack if stack is not None else ("tests/test_shop.py:5 test_shop",))) if at else ()
    place, _, function = at.rpartition(" ")
    path, _, line = place.rpartition(":")
    statement = Statement(
        sql=sql,
        parameters=tuple(text(value) for value in values),
        rows=rows,
        tag=f"SELECT {rows}",
        suspended=suspended,
        sqlstate=sqlstate,
    )
    return Trip(
        connection=connection,
        number=number,
        statements=(statement,),
        started=number * 0.001,
        ended=number * 0.001 + 0.0005,
        bytes_out=100,
        bytes_in=100,
        before=state[0],
        after=state[1],
        actor="MainThread",
        source=Source(path=path, line=int(line), function=function) if at else None,
        stack=frames,
    )


def together(*trips: Trip) -> Trip:
    """Several statements in one round trip, as a pipeline or `executemany` sends them."""
    return replace(trips[0], statements=tuple(each for trip in trips for each in trip.statements))
