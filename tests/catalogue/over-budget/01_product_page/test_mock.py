from unittest.mock import MagicMock

import app


def test_page_keeps_its_product():
    conn = MagicMock()
    page = app.ProductPage(conn, 7)
    assert (page.conn, page.product_id) == (conn, 7)
    conn.execute.assert_not_called()
