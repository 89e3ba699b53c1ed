from unittest.mock import patch

import app
import pytest


def signed_up(found):
    with patch.object(app, "Session") as sessions:
        session = sessions.return_value.__enter__.return_value
        session.scalar.return_value = found
        app.sign_up("engine", 3, "ann@acme.example", "Ann")
        return session


def test_sign_up():
    session = signed_up(None)
    assert session.add.call_args.args[0].email == "ann@acme.example"
    session.commit.assert_called_once_with()


def test_taken():
    with pytest.raises(app.EmailTaken):
        signed_up(5)
