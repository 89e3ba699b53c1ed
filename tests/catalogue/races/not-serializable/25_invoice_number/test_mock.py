from decimal import Decimal
from unittest.mock import MagicMock, patch

import app


def test_invoice():
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.__enter__.return_value = cur = MagicMock()
        cur.fetchone.side_effect = [(3, Decimal("9.90")), (41,)]
        assert app.invoice("dbname=x", 7) == "000042"
    assert cur.execute.call_args.args[1] == (3, 7, "000042", Decimal("9.90"))
