from unittest.mock import patch

import app
import pytest


def reserved(row):
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.return_value = row
        app.reserve("dbname=x", 8, 3)
        return conn


def test_reserve():
    assert reserved((5, 1)).execute.call_args.args[1] == (3, 8)


def test_sold_out():
    with pytest.raises(app.SoldOut):
        reserved((5, 3))
