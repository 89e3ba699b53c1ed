from unittest.mock import patch

import app
import pytest


@pytest.fixture
def conn():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        connect.return_value.__exit__.return_value = False
        conn.transaction.return_value.__exit__.return_value = False
        yield conn


def test_all_jobs_run(conn):
    conn.execute.return_value.fetchone.side_effect = [(1, {"kind": "welcome", "customer": 4}), None]
    app.run_all("dbname=x", "mail")
    assert any("points + 10" in call.args[0] for call in conn.execute.call_args_list)


def test_unknown_kind(conn):
    conn.execute.return_value.fetchone.return_value = (1, {"kind": "bye"})
    with patch.object(app.time, "sleep"), pytest.raises(KeyError):
        app.run_all("dbname=x", "mail")
