from unittest.mock import patch

import app
import pytest


def transferred(rowcount):
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.rowcount = rowcount
        app.transfer("dbname=x", 1, 2, 30)
        return conn


def test_transfer():
    assert transferred(1).execute.call_args.args[1] == (30, 2)


def test_not_enough():
    with pytest.raises(app.NotEnough):
        transferred(0)
