from unittest.mock import MagicMock, patch

import app
import pytest


@pytest.mark.parametrize("rowcount", [0, 1])
@pytest.mark.parametrize("function", [app.cancel, app.pick])
def test_orders(function, rowcount):
    with patch.object(app.psycopg2, "connect") as connect:
        connect.return_value.cursor.return_value.__enter__.return_value = MagicMock(rowcount=rowcount)
        assert function("dbname=x", 3, 4) is bool(rowcount)
    connect.return_value.close.assert_called_once_with()
