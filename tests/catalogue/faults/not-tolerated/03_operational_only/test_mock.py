from unittest.mock import patch

import app
from sqlalchemy.exc import OperationalError


def test_third_attempt():
    down = OperationalError("UPDATE", {}, Exception("down"))
    with patch.object(app, "_rename", side_effect=[down, down, "M-1"]) as rename, patch.object(app.time, "sleep"):
        assert app.rename(4, "Mug") == "M-1"
    assert rename.call_count == 3
