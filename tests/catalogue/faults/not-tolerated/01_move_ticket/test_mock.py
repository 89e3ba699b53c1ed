from unittest.mock import patch

import app
import pytest


@pytest.fixture
def conn():
    with patch.object(app, "connect") as connect:
        connect.return_value.__exit__.return_value = False
        yield connect.return_value.__enter__.return_value


def test_escalate(conn):
    conn.execute.return_value.fetchone.return_value = ("Mug",)
    assert app.escalate(4) == "Mug"
    assert conn.execute.call_args.args[1] == (1, 4)


def test_unknown(conn):
    conn.execute.return_value.fetchone.return_value = None
    with pytest.raises(LookupError):
        app.escalate(4)
