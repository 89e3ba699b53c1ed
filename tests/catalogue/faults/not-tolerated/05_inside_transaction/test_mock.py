from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize(("rowcount", "expected", "statements"), [(1, True, 2), (0, False, 1)])
def test_arrived(rowcount, expected, statements):
    with patch.object(app, "engine") as engine:
        engine.begin.return_value.__exit__.return_value = False
        conn = engine.begin.return_value.__enter__.return_value
        conn.execute.return_value.rowcount = rowcount
        assert app.arrived("D-1", 4, 1, 6) is expected
    assert conn.execute.call_count == statements
