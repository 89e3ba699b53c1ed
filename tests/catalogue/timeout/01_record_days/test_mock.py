from datetime import date
from decimal import Decimal
from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([(7, date(2024, 11, 29), Decimal("1234567.4"))], "Record: 1,234,567 on 29 November 2024"),
        ([], "No records yet"),
    ],
)
def test_headline(rows, text):
    connect = MagicMock()
    connect.return_value.__enter__.return_value.execute.return_value = rows
    with patch.dict(app.os.environ, DATABASE_DSN="dbname=x"), patch.object(app.psycopg, "connect", connect):
        assert app.headline() == text
