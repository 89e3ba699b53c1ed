from unittest.mock import patch

import app


def test_by_priority():
    with patch.object(app, "rows", return_value=[{"priority": 1, "n": 4}, {"priority": 3, "n": 9}]):
        assert app.open_by_priority(5) == {1: 4, 3: 9}


def test_a_second_attempt():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.side_effect = [app.psycopg2.OperationalError("down"), connect.return_value]
        connect.return_value.__exit__.return_value = False
        connect.return_value.cursor.return_value.__exit__.return_value = False
        cur = connect.return_value.cursor.return_value.__enter__.return_value
        cur.fetchall.return_value = []
        assert app.open_by_priority(5) == {}
    assert connect.call_count == 2
