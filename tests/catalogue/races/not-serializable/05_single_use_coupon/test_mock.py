from decimal import Decimal
from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.fixture
def cur():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.__enter__.return_value = cur = MagicMock()
        yield cur


def test_redeem(cur):
    cur.fetchone.side_effect = [(10,), (0,), (Decimal("89.91"),)]
    assert app.redeem("dbname=x", 1, 2) == Decimal("89.91")


def test_used(cur):
    cur.fetchone.side_effect = [(10,), (1,)]
    with pytest.raises(app.CouponUsed):
        app.redeem("dbname=x", 1, 2)
