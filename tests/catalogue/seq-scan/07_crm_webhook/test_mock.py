from unittest.mock import MagicMock

import app
import pytest

EVENT = {"type": "contact.updated", "contact": {"id": "C1", "name": "Ann B.", "phone": "+491"}}


def test_contact_is_updated():
    customer = app.Customer(id=3, name="Ann", phone=None, profile={"crm_id": "C1"})
    session = MagicMock()
    session.scalars.return_value.first.return_value = customer
    assert app.handle(session, EVENT) == 3
    assert (customer.name, customer.phone) == ("Ann B.", "+491")
    session.commit.assert_called_once_with()


def test_unknown_contact():
    session = MagicMock()
    session.scalars.return_value.first.return_value = None
    with pytest.raises(app.UnknownContact):
        app.handle(session, EVENT)
