from unittest.mock import MagicMock, patch

import app
from psycopg.errors import UniqueViolation


def answers(connect, *rows):
    conn = connect.return_value.__enter__.return_value
    conn.transaction.return_value.__exit__.return_value = False
    conn.execute.side_effect = [
        row if isinstance(row, Exception) else MagicMock(**{"fetchone.return_value": row}) for row in rows
    ]
    return conn


def test_a_known_tag():
    with patch.object(app.psycopg, "connect") as connect:
        conn = answers(connect, (9,), None)
        app.tag("dbname=unused", 1, 4, "late")
    assert conn.execute.call_args.args[1] == (4, 9)


def test_somebody_was_faster():
    with patch.object(app.psycopg, "connect") as connect:
        conn = answers(connect, None, UniqueViolation(), (9,), None)
        app.tag("dbname=unused", 1, 4, "late")
    assert conn.execute.call_args.args[1] == (4, 9)
