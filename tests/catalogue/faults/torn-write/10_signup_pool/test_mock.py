from unittest.mock import MagicMock

import app


def test_register_lowers_the_address():
    pool = MagicMock()
    conn = pool.connection.return_value.__enter__.return_value
    cur = conn.cursor.return_value.__enter__.return_value
    cur.fetchone.return_value = app.Customer(9, "ann@x.org", "Ann")
    customer = app.CustomerStore(pool, 2).register("Ann@X.org", "Ann", {"city": "Ulm"})
    assert customer.id == 9
    assert cur.execute.call_args.args[1] == (2, "ann@x.org", "Ann")
    assert conn.execute.call_args.args[1] == {"customer": 9, "city": "Ulm"}
