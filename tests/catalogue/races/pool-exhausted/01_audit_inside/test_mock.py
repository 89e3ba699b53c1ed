from unittest.mock import MagicMock

import app


def test_rename():
    pool = MagicMock()
    conn = pool.connection.return_value.__enter__.return_value
    app.rename(pool, 4, "Anna")
    assert [call.args[1] for call in conn.execute.call_args_list] == [("Anna", 4), (4, "renamed to Anna")]
