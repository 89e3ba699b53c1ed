from unittest.mock import MagicMock

import app
import psycopg
import pytest


def visits(row):
    pool = MagicMock()
    pool.connection.return_value.__exit__.return_value = False
    conn = pool.connection.return_value.__enter__.return_value
    conn.cursor.return_value.fetchone.return_value = row
    return app.Visits(pool)


def test_points():
    assert visits((40,)).note(3) == 40


def test_unknown():
    with pytest.raises(psycopg.DataError):
        visits(None).note(3)
