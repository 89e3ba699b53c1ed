from unittest.mock import Mock

import app


def test_icons():
    conn = Mock()
    conn.execute.return_value = [(3,), (5,)]
    assert app.icons(conn, 1, [3, 4]) == {3: "note", 4: ""}
