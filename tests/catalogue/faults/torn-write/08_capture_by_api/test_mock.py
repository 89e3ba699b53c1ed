from decimal import Decimal
from unittest.mock import MagicMock, patch

import app
import pytest


def test_pay():
    conn, provider = MagicMock(), MagicMock()
    conn.execute.return_value.fetchone.return_value = (Decimal("9.90"),)
    provider.charge.return_value = "ch_1"
    assert app.pay(conn, provider, 3) == "ch_1"
    provider.charge.assert_called_once_with(3, "9.90")
    conn.commit.assert_called()


def test_refused():
    with patch.object(app.requests, "post") as post:
        post.return_value.status_code = 402
        with pytest.raises(app.PaymentRefused):
            app.Provider("http://p").charge(3, "9.90")
