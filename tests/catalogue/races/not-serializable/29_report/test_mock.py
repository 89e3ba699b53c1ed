from decimal import Decimal
from unittest.mock import MagicMock, patch

import app


def test_figures():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.__enter__.return_value = cur = MagicMock()
        cur.fetchone.side_effect = [(2,), (Decimal("30.00"),)]
        assert app.figures("dbname=x", 4) == {"orders": 2, "total": Decimal("30.00")}
