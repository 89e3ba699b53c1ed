from unittest.mock import MagicMock

import app


def test_ticket_without_tickets():
    session = MagicMock()
    session.scalars.return_value.all.return_value = []
    session.scalars.return_value.__iter__ = lambda self: iter([])
    session.execute.return_value.tuples.return_value.all.return_value = []
    assert app.open_tickets(session, 1) == []


def test_serializer_fields():
    assert app.TicketSerializer.fields == ("id", "subject", "status")
