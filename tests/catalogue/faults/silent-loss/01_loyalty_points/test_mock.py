from decimal import Decimal
from unittest.mock import MagicMock

import app


def test_one_point_a_euro():
    conn = MagicMock()
    conn.transaction.return_value.__exit__.return_value = False
    conn.execute.return_value.fetchone.return_value = (7, Decimal("45.90"))
    assert app.credit_order(conn, 3) == app.Credit(7, 45)
    assert conn.execute.call_args.args[1] == (45, 7)
