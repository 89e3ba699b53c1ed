from unittest.mock import patch

import app
import pytest


def test_withdraw():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.return_value = (100,)
        assert app.withdraw("dbname=x", 4, 80) in (20, 100)
    assert "UPDATE customers" in conn.execute.call_args.args[0]


def test_not_enough():
    with patch.object(app.psycopg, "connect") as connect:
        connect.return_value.__enter__.return_value.execute.return_value.fetchone.return_value = None
        with pytest.raises(app.NotEnough):
            app.withdraw("dbname=x", 4, 80)


def test_nothing():
    with pytest.raises(ValueError):
        app.withdraw("dbname=x", 4, 0)
