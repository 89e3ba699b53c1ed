from unittest.mock import MagicMock

import app


def test_feed_pushes_every_batch():
    conn = MagicMock()
    cursor = conn.cursor.return_value.__enter__.return_value
    cursor.fetchall.side_effect = [[{"id": 1}, {"id": 2}], [{"id": 3}], []]
    pushed = []
    assert app.feed(conn, pushed.append, size=2) == 3
    assert [len(batch) for batch in pushed] == [2, 1]
