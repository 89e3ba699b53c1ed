from datetime import UTC, datetime
from unittest.mock import patch

import app

NINE, TEN = datetime(2024, 5, 6, 9, tzinfo=UTC), datetime(2024, 5, 6, 10, tzinfo=UTC)


def test_a_free_room_is_booked():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.return_value = None
        conn.execute.return_value.rowcount = 1
        assert app.book("dbname=unused", 4, 7, NINE, TEN)


def test_a_taken_room_is_not():
    with patch.object(app.psycopg, "connect") as connect:
        conn = connect.return_value.__enter__.return_value
        conn.execute.return_value.fetchone.return_value = (1,)
        conn.execute.return_value.rowcount = 0
        assert not app.book("dbname=unused", 4, 7, NINE, TEN)
