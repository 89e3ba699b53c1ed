from unittest.mock import patch

import app


def test_edit():
    with patch.object(app.psycopg2, "connect") as connect:
        cur = connect.return_value.cursor.return_value
        cur.rowcount = 1
        cur.fetchone.return_value = ({"version": 3, "color": "red"},)
        app.edit("dbname=x", 8, "color", "blue")
    attributes, product, version = cur.execute.call_args.args[1]
    assert attributes.adapted == {"version": 4, "color": "blue"}
    assert (product, version) == (8, 3)
