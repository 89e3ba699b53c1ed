from unittest.mock import patch

import app


def test_hide():
    with patch.object(app.psycopg2, "connect") as connect:
        assert app.ReviewQueue("dbname=x").hide([4, 5]) >= 0
    cur = connect.return_value.cursor.return_value
    assert cur.execute.call_args.args[1] == (False, [4, 5])
    connect.return_value.close.assert_called_once_with()
