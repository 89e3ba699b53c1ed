from unittest.mock import patch

import app


def test_addresses_are_replaced():
    with patch.object(app.psycopg2, "connect") as connect:
        cursor = connect.return_value.cursor.return_value.__enter__.return_value
        app.save_addresses("dbname=unused", 4, [("Main St 1", "Bonn", "53111", "DE")])
    *_, delete, insert = cursor.execute.call_args_list
    assert delete.args == (app.DELETE, (4,))
    assert insert.args == (app.INSERT, (4, "Main St 1", "Bonn", "53111", "DE"))
