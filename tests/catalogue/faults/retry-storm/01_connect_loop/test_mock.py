from unittest.mock import patch

import app


def test_numbers():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        connect.return_value.__exit__.return_value = False
        conn.execute.return_value = [("A-1",), ("A-2",)]
        assert app.cancel_unpaid("dbname=x", [1, 2, 3]) == ["A-1", "A-2"]
    conn.execute.assert_called_once_with(app.CANCEL, ([1, 2, 3],))
