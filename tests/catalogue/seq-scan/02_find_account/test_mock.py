from unittest.mock import MagicMock

import app


def connection(row):
    conn = MagicMock()
    conn.cursor.return_value.__enter__.return_value.fetchone.return_value = row
    return conn


def test_describe_known_account():
    conn = connection({"id": 7, "name": "Ann", "email": "Ann@x.org", "phone": None})
    assert app.describe(conn, " ANN@x.org ") == "#7 Ann <Ann@x.org>, no phone"
    query, parameters = conn.cursor.return_value.__enter__.return_value.execute.call_args.args
    assert parameters == ("ann@x.org",)


def test_describe_unknown_account():
    assert app.describe(connection(None), "bob@x.org") == "No account for bob@x.org"
