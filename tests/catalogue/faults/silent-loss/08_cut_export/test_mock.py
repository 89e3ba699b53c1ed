from datetime import date
from decimal import Decimal
from unittest.mock import MagicMock, patch

import app


def test_download():
    with patch.object(app.requests, "get") as get:
        response = get.return_value.__enter__.return_value
        get.return_value.__exit__.return_value = False
        response.iter_lines.return_value = [b'{"currency": "USD", "rate": "1.08"}', b'{"count": 1}']
        assert app.download("http://bank", date(2024, 2, 29)) == [("USD", Decimal("1.08"))]


def test_import():
    conn = MagicMock()
    conn.transaction.return_value.__exit__.return_value = False
    conn.cursor.return_value.__exit__.return_value = False
    with patch.object(app, "download", return_value=[("USD", Decimal(1))]):
        app.import_rates(conn, "http://bank", date(2024, 2, 29))
    cur = conn.cursor.return_value.__enter__.return_value
    assert cur.executemany.call_args.args[1] == [("USD", date(2024, 2, 29), Decimal(1))]
