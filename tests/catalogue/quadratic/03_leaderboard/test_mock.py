from unittest.mock import MagicMock, patch

import app


def test_main_prints_the_board(capsys):
    conn = MagicMock()
    conn.cursor.return_value.__enter__.return_value.fetchall.return_value = [(7, "Ann", 90, 1), (3, "Bob", 80, 2)]
    with patch.dict(app.os.environ, DATABASE_DSN="dbname=x"), patch.object(app.psycopg2, "connect", return_value=conn):
        app.main()
    assert capsys.readouterr().out == "  1. Ann (90)\n  2. Bob (80)\n"
    conn.close.assert_called_once_with()
