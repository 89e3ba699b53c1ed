from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize("before", [True, False, None])
def test_value_before(before):
    with patch.object(app, "engine") as engine:
        engine.begin.return_value.__exit__.return_value = False
        conn = engine.begin.return_value.__enter__.return_value
        conn.execute.return_value.scalar_one_or_none.return_value = before
        assert app.set_flag("maintenance", True) is bool(before)
    assert conn.execute.call_count == 2
