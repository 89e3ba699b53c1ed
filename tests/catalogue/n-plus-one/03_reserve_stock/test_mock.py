from unittest.mock import MagicMock, patch

import app


def test_reserve_order_uses_the_configured_database():
    with patch.object(app.psycopg2, "connect") as connect, patch.object(app, "reserve") as reserve:
        app.reserve_order(3, [(1, 2)])
    connect.assert_called_once_with(app.DSN)
    reserve.assert_called_once_with(connect.return_value, 3, [(1, 2)])


def test_enough_stock():
    conn = MagicMock()
    conn.cursor.return_value.__enter__.return_value.rowcount = 1
    with patch.object(app, "execute_values", return_value=[(1,), (2,)]):
        app.reserve(conn, 1, [(1, 5), (2, 5)])
    assert conn.__exit__.call_args.args == (None, None, None)
