from decimal import Decimal
from unittest.mock import patch

import app
import pytest


def ordered(owed):
    with patch.object(app.psycopg, "connect") as connect:
        connect.return_value.__enter__.return_value.execute.return_value.fetchone.return_value = (Decimal(owed),)
        return app.order_on_account("dbname=x", 1, 2, "A-1", Decimal(300))


def test_within():
    assert ordered(600) == Decimal(100)


def test_over():
    with pytest.raises(app.OverLimit):
        ordered(900)
