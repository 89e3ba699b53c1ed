from unittest.mock import MagicMock, patch

import app


def test_new():
    with patch.object(app.psycopg2, "connect") as connect:
        cur = MagicMock(rowcount=1)
        connect.return_value.cursor.return_value.__enter__.return_value = cur
        cur.fetchone.return_value = None
        app.points_bought("dbname=x", 1, "n-1", 4, 50)
    assert (50, 4) in [call.args[1] for call in cur.execute.call_args_list]


def test_known():
    with patch.object(app.psycopg2, "connect") as connect:
        cur = MagicMock(rowcount=0)
        connect.return_value.cursor.return_value.__enter__.return_value = cur
        cur.fetchone.return_value = (1,)
        app.points_bought("dbname=x", 1, "n-1", 4, 50)
    cur.execute.assert_called_once()
