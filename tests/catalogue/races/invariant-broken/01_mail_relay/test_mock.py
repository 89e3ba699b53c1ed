from unittest.mock import MagicMock, patch

import app


def test_relay():
    send = MagicMock()
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchall.return_value = [(1, "ann@acme.example")]
        app.relay("dbname=x", send, "Sale")
    send.assert_called_once_with("ann@acme.example", "Sale")
    assert conn.execute.call_args.args[1] == ([1],)
