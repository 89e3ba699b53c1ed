from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.fixture
def cur():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.__enter__.return_value = cur = MagicMock()
        yield cur


def test_pay(cur):
    cur.fetchone.return_value = (100,)
    app.pay("dbname=x", 4, 30)
    assert cur.execute.call_args.args[1] == (30, 4)


def test_not_enough(cur):
    cur.fetchone.return_value = (10,)
    with pytest.raises(app.NotEnough):
        app.pay("dbname=x", 4, 30)
