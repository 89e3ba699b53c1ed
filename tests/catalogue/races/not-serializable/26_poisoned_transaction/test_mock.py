from unittest.mock import patch

import app
import psycopg


def test_put():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.side_effect = [None, (6,)]
        app.put("dbname=x", 3, "Big mugs")
    assert conn.execute.call_args.args[1] == (6, 3)


def test_somebody_was_faster():
    results = [None, psycopg.errors.UniqueViolation("slug"), (6,)]
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.side_effect = results
        app.put("dbname=x", 3, "Big mugs")
    assert conn.execute.call_args.args[1] == (6, 3)
