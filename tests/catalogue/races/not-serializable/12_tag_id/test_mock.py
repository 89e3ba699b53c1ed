from unittest.mock import patch

import app


def test_tag():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.return_value = (7,)
        app.tag("dbname=x", 1, 2, "late")
    assert conn.execute.call_args.args[1] == (2, 7)
