from unittest.mock import patch

import app


def test_a_known_tag():
    with patch.object(app, "Session") as factory:
        session = factory.return_value
        session.scalar.return_value = app.Tag(id=4, tenant_id=1, name="bug")
        assert app.tag(1, "Bug") == 4
    session.add.assert_not_called()


def test_names_are_cleaned():
    assert app._clean("  Late  Delivery ") == "late-delivery"
