from unittest.mock import patch

import app


def test_an_attribute_is_added():
    with patch.object(app.psycopg2, "connect") as connect:
        cursor = connect.return_value.cursor.return_value.__enter__.return_value
        cursor.fetchone.return_value = ({"colour": "red", "revision": 3},)
        cursor.rowcount = 1
        app.set_attribute("dbname=unused", 7, "size", "XL")
    attributes, product, revision = cursor.execute.call_args.args[1]
    assert attributes.adapted == {"colour": "red", "size": "XL", "revision": 4}
    assert (product, revision) == (7, 3)
