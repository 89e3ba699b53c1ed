from unittest.mock import MagicMock

import app


def test_a_pending_order_is_cancelled():
    pool = MagicMock()
    conn = pool.connection.return_value.__enter__.return_value
    conn.execute.return_value.fetchone.return_value = (1,)
    assert app.cancel(pool, 4, "Too late")
    assert conn.execute.call_args.args[1][:3] == (1, 4, "cancelled")


def test_a_shipped_order_is_not():
    pool = MagicMock()
    conn = pool.connection.return_value.__enter__.return_value
    conn.execute.return_value.fetchone.return_value = None
    assert not app.cancel(pool, 4, "Too late")
