import datetime as dt
import io
import json
from unittest.mock import MagicMock

import app


def test_export():
    conn = MagicMock()
    cursor = conn.cursor.return_value.__enter__.return_value
    cursor.__iter__.return_value = iter([(1, 7, "ann", "Hello", dt.datetime(2024, 1, 1))])
    out = io.StringIO()
    assert app.export_messages(conn, out) == 1
    assert json.loads(out.getvalue()) == {
        "id": 1,
        "ticket": 7,
        "author": "ann",
        "body": "Hello",
        "at": "2024-01-01T00:00:00",
    }
