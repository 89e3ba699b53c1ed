from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.mark.parametrize(
    ("row", "expected"), [((True, 100), True), ((True, 0), False), ((False, 100), False), (None, False)]
)
def test_flags(row, expected):
    conn = MagicMock(closed=False)
    conn.execute.return_value.fetchone.return_value = row
    with patch.object(app, "_connection", conn):
        assert app.is_enabled("new-checkout", 5) is expected
