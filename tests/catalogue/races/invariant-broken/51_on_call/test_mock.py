from unittest.mock import patch

import app


def test_one_of_two_may_leave():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value = [(4,), (5,)]
        assert app.leave("dbname=unused", 4)
    conn.execute.assert_called_with(app.LEAVE, (4,))


def test_the_last_may_not():
    with patch.object(app.psycopg, "connect") as connect:
        connect.return_value.__enter__.return_value.execute.return_value = [(4,)]
        assert not app.leave("dbname=unused", 4)
