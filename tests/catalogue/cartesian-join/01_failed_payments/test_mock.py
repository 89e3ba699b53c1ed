from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import Mock

import app


def test_rows_become_dicts():
    conn = Mock()
    conn.execute.return_value = [SimpleNamespace(_mapping={"number": "O-1", "total": Decimal(5)})]
    assert app.orders_to_pay_again(conn, 7) == [{"number": "O-1", "total": Decimal(5)}]
