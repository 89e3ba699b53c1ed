from decimal import Decimal
from unittest.mock import patch

import app

FILE = ["order;amount", "1;10,00", "2;25,50"]


def test_everything_matches():
    totals = {1: Decimal("10.00"), 2: Decimal("25.50")}
    with patch.object(app, "order_total", side_effect=lambda conn, order_id: totals[order_id]):
        assert app.first_mismatch(None, FILE) is None


def test_mismatch_is_returned():
    with patch.object(app, "order_total", return_value=Decimal("10.00")):
        assert app.first_mismatch(None, FILE).order_id == 2
