from unittest.mock import patch

import app


def test_a_welcome_mail_is_queued():
    ann = app.Customer(id=4, email="ann@acme.example", name="Ann", newsletter=False)
    with patch.object(app, "Session") as factory:
        session = factory.return_value.__enter__.return_value
        session.get_one.return_value = ann
        app.subscribe(None, 4)
    assert ann.newsletter
    assert session.add.call_args.args[0].recipient == "ann@acme.example"
