import os

os.environ["DATABASE_DSN"] = "postgresql:///unused"

from unittest.mock import Mock, patch

import app


def test_send_all():
    people = [app.Customer(name="Ann", email="ann@x.org"), app.Customer(name="Bob", email="bob@x.org")]
    send = Mock()
    with patch.object(app, "recipients", return_value=people):
        assert app.send_all(send, "Hi {name}!") == 2
    send.assert_any_call("bob@x.org", "Hi Bob!")
