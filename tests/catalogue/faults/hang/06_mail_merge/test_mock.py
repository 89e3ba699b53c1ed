from unittest.mock import patch

import app


def test_letters():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        connect.return_value.__exit__.return_value = False
        conn.execute.return_value.__iter__.return_value = iter([("Ann", 4), ("Bob", 0)])
        assert list(app.letters("dbname=x", [1, 2])) == ["Dear Ann, you have 4 points.", "Dear Bob, you have 0 points."]
