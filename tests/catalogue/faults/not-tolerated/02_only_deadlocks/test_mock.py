from datetime import date
from unittest.mock import patch

import app
import pytest
from psycopg2 import errors


@pytest.fixture
def cur():
    with patch.object(app.psycopg2, "connect") as connect, patch.object(app.time, "sleep"):
        connect.return_value.__exit__.return_value = False
        connect.return_value.cursor.return_value.__exit__.return_value = False
        yield connect.return_value.cursor.return_value.__enter__.return_value


def test_a_deadlock_passes(cur):
    cur.execute.side_effect = [errors.DeadlockDetected(), None, None]
    app.set_rate("USD", date(2024, 2, 29), "1.08")
    assert cur.execute.call_count == 3


def test_unknown(cur):
    cur.fetchone.return_value = None
    with pytest.raises(app.Unknown):
        app.set_rate("XXX", date(2024, 2, 29), "1")
