from decimal import Decimal
from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.fixture
def conn():
    pool, conn = MagicMock(), MagicMock()
    pool.getconn.return_value = conn
    pool.connection.return_value.__enter__.return_value = conn
    pool.connection.return_value.__exit__.return_value = False
    with patch.object(app, "pool", return_value=pool):
        yield conn


def test_gross(conn):
    conn.execute.return_value.fetchone.return_value = (Decimal("9.99"), Decimal(19))
    assert app.gross_price(4, "DE") == Decimal("11.89")


def test_not_sold(conn):
    conn.execute.return_value.fetchone.return_value = None
    with pytest.raises(LookupError):
        app.gross_price(4, "XX")
