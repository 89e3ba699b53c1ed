from unittest.mock import patch

import app
import pytest


@pytest.mark.parametrize(("there", "taken"), [(5, 3), (2, 2)])
def test_pick(there, taken):
    with patch.object(app.psycopg2, "connect") as connect:
        cur = connect.return_value.cursor.return_value
        cur.fetchone.return_value = (there,)
        assert app.pick("dbname=x", 8, 3) == taken
    assert cur.execute.call_args.args[1] == (there - taken, 8)
    connect.return_value.commit.assert_called_once_with()
