from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize(("rowcount", "expected"), [(1, True), (0, False)])
def test_reserve(rowcount, expected):
    with patch.object(app.psycopg2, "connect") as connect:
        conn = connect.return_value
        conn.__enter__.return_value = conn
        conn.__exit__.return_value = False
        cur = conn.cursor.return_value
        cur.__enter__.return_value = cur
        cur.__exit__.return_value = False
        cur.rowcount = rowcount
        assert app.Inventory("dbname=x").reserve(4, 1, 2) is expected
    assert cur.execute.call_args.args[1] == (2, 4, 1, 2)
