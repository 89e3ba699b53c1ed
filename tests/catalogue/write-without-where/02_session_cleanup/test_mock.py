from unittest.mock import Mock

import app


def test_cleanup():
    conn = Mock()
    conn.execute.return_value.rowcount = 17
    assert app.cleanup(conn) == 17
    conn.commit.assert_called_once_with()
    assert conn.execute.call_args.args[0].startswith("DELETE FROM sessions")
