from decimal import Decimal
from unittest.mock import MagicMock

import app
import pytest


@pytest.fixture
def conn():
    conn = MagicMock()
    cur = conn.cursor.return_value
    cur.__enter__.return_value = cur
    cur.fetchone.return_value = (31,)
    return conn


def test_order_with_lines(conn):
    lines = [app.Line(1, 2, Decimal("5.00")), app.Line(2, 1, Decimal("7.50"))]
    assert app.place_order(conn, 1, 9, "A-1", lines) == 31
    (args, _) = conn.cursor.return_value.execute.call_args
    assert args[1] == (1, 9, "A-1", Decimal("17.50"))
    assert len(conn.cursor.return_value.executemany.call_args.args[1]) == 2


def test_empty_cart(conn):
    with pytest.raises(ValueError):
        app.place_order(conn, 1, 9, "A-1", [])
