from unittest.mock import patch

import app
import pytest


def signed_off(rows):
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchall.return_value = rows
        app.sign_off("dbname=x", 1, "on call")
        return conn


def test_another_is_there():
    assert signed_off([(1,), (2,)]).execute.call_count == 2


def test_last_one():
    with pytest.raises(app.LastOne):
        signed_off([(1,)])
