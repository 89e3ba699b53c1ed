from datetime import date
from decimal import Decimal
from unittest.mock import MagicMock, patch

import app


def test_tile():
    connect = MagicMock()
    connect.return_value.__enter__.return_value.execute.return_value.fetchone.return_value = (Decimal("1234567.4"),)
    with patch.dict(app.os.environ, DATABASE_DSN="dbname=x"), patch.object(app.psycopg, "connect", connect):
        assert app.tile(date(2024, 1, 30)) == "1,234,567 in 30 days"
