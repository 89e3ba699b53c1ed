from unittest.mock import MagicMock, patch

import app
import pytest


def test_push():
    with patch.object(app.urllib.request, "urlopen") as urlopen:
        urlopen.return_value.__enter__.return_value.read.return_value = b'{"result": "created"}'
        assert app.push("http://index", {"id": 4}) == "created"
    assert urlopen.call_args.args[0].method == "PUT"


def test_unknown_product():
    conn = MagicMock()
    conn.__exit__.return_value = False
    conn.cursor.return_value.__exit__.return_value = False
    conn.cursor.return_value.__enter__.return_value.fetchone.return_value = None
    with pytest.raises(KeyError):
        app.document_of(conn, 4)
