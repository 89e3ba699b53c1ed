from decimal import Decimal
from unittest.mock import MagicMock, patch

import app


def test_pay():
    conn = MagicMock()
    claimed = MagicMock()
    claimed.__getitem__.return_value = Decimal("9.90")
    claimed.__iter__.return_value = iter(("pending", Decimal("9.90")))
    conn.execute.return_value.fetchone.return_value = claimed
    with patch.object(app, "capture", return_value="ch_9") as capture:
        assert app.pay(conn, "http://provider", 4) == "ch_9"
    capture.assert_called_once_with("http://provider", 4, "9.90")
