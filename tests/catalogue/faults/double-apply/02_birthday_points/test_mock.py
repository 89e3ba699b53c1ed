from unittest.mock import patch

import app
import pytest
from psycopg2 import errors


def connection(connect, rowcount):
    conn = connect.return_value
    conn.__exit__.return_value = False
    conn.cursor.return_value.__exit__.return_value = False
    conn.cursor.return_value.__enter__.return_value.rowcount = rowcount
    return conn


def test_points_are_added():
    with patch.object(app.psycopg2, "connect") as connect:
        conn = connection(connect, 1)
        assert app.congratulate([5, 6]) == 2
    assert conn.close.call_count == 2


def test_a_deadlock_is_tried_again():
    with patch.object(app.psycopg2, "connect") as connect:
        conn = connection(connect, 1)
        conn.cursor.return_value.__enter__.return_value.execute.side_effect = [errors.DeadlockDetected(), None]
        app.give_points(5, 50)
    assert connect.call_count == 2


def test_unknown_customer():
    with patch.object(app.psycopg2, "connect") as connect, pytest.raises(LookupError):
        connection(connect, 0)
        app.give_points(5, 50)
