from unittest.mock import MagicMock

import app


def connection(rows, rowcount=0):
    conn = MagicMock()
    cursor = conn.cursor.return_value.__enter__.return_value
    cursor.fetchall.return_value = rows
    cursor.rowcount = rowcount
    return conn


def test_empty_trash():
    conn = connection([(4,), (9,)], rowcount=2)
    assert app.empty_trash(conn) == 2
    conn.commit.assert_called_once_with()


def test_nothing_to_do():
    conn = connection([])
    assert app.empty_trash(conn) == 0
    conn.commit.assert_not_called()
