from unittest.mock import patch

import app


def test_a_dead_connection_is_replaced():
    db = app.Connection("dbname=x")
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.closed = 0
        cur = connect.return_value.cursor.return_value.__enter__.return_value
        connect.return_value.cursor.return_value.__exit__.return_value = False
        cur.fetchall.return_value = [(1,)]
        cur.execute.side_effect = [app.psycopg2.OperationalError("gone"), None]
        assert db.execute("SELECT n FROM t") == [(1,)]
    assert connect.call_count == 2


def test_remind():
    with patch.object(app.Connection, "execute", return_value=[("a@x.org", "Ann")]) as execute:
        app.remind(app.Connection("dbname=x"), 3, "Your cart")
    assert execute.call_args.args[1:4] == (3, "a@x.org", "Your cart")
