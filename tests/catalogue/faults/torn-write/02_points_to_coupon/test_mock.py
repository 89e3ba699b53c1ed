from unittest.mock import patch

import app
import pytest


@pytest.fixture
def cur():
    with patch.object(app.psycopg2, "connect") as connect:
        conn = connect.return_value
        conn.__exit__.return_value = False
        cursor = conn.cursor.return_value
        cursor.__exit__.return_value = False
        yield cursor.__enter__.return_value


def test_redeem(cur):
    cur.fetchone.return_value = (3,)
    code = app.redeem(7, 10)
    assert len(code) == 10
    assert cur.execute.call_args_list[0].args[1] == (250, 7, 250)
    assert cur.execute.call_args_list[1].args[1][:3] == (3, code, 10)


def test_too_few_points(cur):
    cur.fetchone.return_value = None
    with pytest.raises(app.NotEnoughPoints):
        app.redeem(7, 20)
