from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize("rowcount", [0, 1])
def test_export(rowcount):
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.rowcount = rowcount
        assert app.export("dbname=x", 3) is bool(rowcount)
    assert conn.execute.call_args.args[1]["payload"].obj == {"tenant": 3}
