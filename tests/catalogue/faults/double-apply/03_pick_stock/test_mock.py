from unittest.mock import patch

import app
import pytest
from sqlalchemy.exc import DBAPIError


class Deadlock(Exception):
    sqlstate = "40P01"


def test_picked():
    with patch.object(app, "engine") as engine:
        engine.begin.return_value.__exit__.return_value = False
        conn = engine.begin.return_value.__enter__.return_value
        conn.execute.return_value.scalar_one.return_value = 3
        assert app.picked(1, 2, 4) == 3


def test_deadlocks_are_survived():
    with patch.object(app, "engine") as engine, patch.object(app.time, "sleep"):
        engine.begin.return_value.__exit__.return_value = False
        conn = engine.begin.return_value.__enter__.return_value
        conn.execute.side_effect = DBAPIError("UPDATE", {}, Deadlock())
        with pytest.raises(DBAPIError):
            app.picked(1, 2, 4)
    assert conn.execute.call_count == 4
