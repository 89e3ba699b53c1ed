"""Tables by the names that people write."""

from __future__ import annotations

import pytest

from pytest_prodparity.profile.model import Table
from tests.profile.made import profile


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("orders", "public.orders"),
        ("public.orders", "public.orders"),
        ('"orders"', "public.orders"),
        ('"Sales"."Order Items"', "Sales.Order Items"),
        ('Sales."Order Items"', "Sales.Order Items"),
        ("Order Items", "Sales.Order Items"),
        ('"a""b"', 'public.a"b'),
        ('a"b', 'public.a"b'),
        ('public.a"b', 'public.a"b'),
        ("twice", None),
        ('"Sales".twice', "Sales.twice"),
        ("order items", None),
        ('"', None),
        ("", None),
    ],
)
def test_a_name_is_found_bare_qualified_or_quoted(name: str, found: str | None) -> None:
    names = [("public", "orders"), ("public", "twice"), ("Sales", "twice"), ("Sales", "Order Items"), ("public", 'a"b')]
    known = profile(*(Table(schema=schema, name=each, kind="table", columns=[]) for schema, each in names))
    one = known.table(name)
    assert (one.full_name if one else None) == found
