from unittest.mock import patch

import app
import pytest


def test_stock_is_moved():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.rowcount = 1
        app.move_stock("dbname=unused", 7, 1, 2, 5)
    assert conn.execute.call_args.args[1] == {"n": 5, "product": 7, "warehouse": 2}


def test_out_of_stock():
    with patch.object(app.psycopg, "connect") as connect:
        connect.return_value.__exit__.return_value = False
        connect.return_value.__enter__.return_value.execute.return_value.rowcount = 0
        with pytest.raises(app.OutOfStock):
            app.move_stock("dbname=unused", 7, 1, 2, 5)
