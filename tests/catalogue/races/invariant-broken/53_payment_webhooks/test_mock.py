from unittest.mock import patch

import app
import pytest


def test_a_message_is_stored():
    with patch.object(app.psycopg2, "connect") as connect:
        cursor = connect.return_value.cursor.return_value.__enter__.return_value
        app.on_message("dbname=unused", {"ref": "ch_1", "step": "captured"})
    assert cursor.execute.call_args.args[1].items() >= {"ref": "ch_1", "step": "captured"}.items()


def test_an_unknown_step():
    with pytest.raises(ValueError, match="'won'"):
        app.on_message("dbname=unused", {"ref": "ch_1", "step": "won"})
