from unittest.mock import patch

import app
import pytest


def opened(count):
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.return_value = (count,)
        app.open_ticket("dbname=x", 3, "Mug")
        return conn


def test_open():
    assert opened(2).execute.call_args.args[1] == ("Mug", 3)


def test_too_many():
    with pytest.raises(app.TooMany):
        opened(3)
