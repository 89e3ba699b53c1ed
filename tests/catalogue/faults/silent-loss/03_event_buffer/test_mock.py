from unittest.mock import patch

import app


def test_full_buffers_are_written():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        connect.return_value.__exit__.return_value = False
        cur = conn.cursor.return_value.__enter__.return_value
        conn.cursor.return_value.__exit__.return_value = False
        with app.EventLog("dbname=x", 1, size=2) as log:
            log.add("product", 1, "viewed")
            cur.executemany.assert_not_called()
            log.add("product", 2, "viewed", seconds=4)
            cur.executemany.assert_called_once()
    connect.assert_called_once()
