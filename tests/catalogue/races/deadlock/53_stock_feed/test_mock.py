from unittest.mock import patch

import app


def test_each_product_is_booked():
    with patch.object(app.psycopg2, "connect") as connect:
        cursor = connect.return_value.cursor.return_value.__enter__.return_value
        assert app.book_delivery("dbname=unused", 3, {11: 5, 12: 7}) == 12
    assert [call.args[1] for call in cursor.execute.call_args_list] == [(11, 3, 5), (12, 3, 7)]
