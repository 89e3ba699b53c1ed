from unittest.mock import MagicMock

import app


def test_no_reviews():
    conn = MagicMock()
    conn.cursor.return_value.__enter__.return_value.fetchall.return_value = []
    assert app.review_page(conn) == {"reviews": [], "more": False}
