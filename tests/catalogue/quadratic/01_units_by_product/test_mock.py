from types import SimpleNamespace
from unittest.mock import MagicMock

import app


def test_lines():
    conn = MagicMock()
    cursor = conn.cursor.return_value.__enter__.return_value
    cursor.execute.return_value.fetchall.return_value = [SimpleNamespace(id=1, sku="MUG", name="Mug", sold=12)]
    assert app.report(conn, 1) == ["MUG Mug: 12"]
