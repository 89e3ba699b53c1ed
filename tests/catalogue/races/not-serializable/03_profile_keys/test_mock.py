from unittest.mock import MagicMock, patch

import app


def test_remember():
    with patch.object(app.psycopg2, "connect") as connect:
        cur = MagicMock()
        connect.return_value.cursor.return_value.__enter__.return_value = cur
        cur.fetchone.return_value = ({"locale": "de"},)
        app.remember("dbname=x", 4, "size", "L")
    document, customer = cur.execute.call_args.args[1]
    assert document.adapted["size"] == "L"
    assert customer == 4
    connect.return_value.close.assert_called_once_with()
