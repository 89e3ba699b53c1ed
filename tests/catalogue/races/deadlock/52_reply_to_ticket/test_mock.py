from unittest.mock import patch

import app


def test_a_reply_makes_its_ticket_more_urgent():
    ticket = app.Ticket(id=4, status="open", priority=3)
    with patch.object(app, "Session") as factory:
        session = factory.return_value.__enter__.return_value
        session.scalars.return_value.one.return_value = ticket
        app.reply(None, 4, "ann", "It works again.")
    assert (ticket.status, ticket.priority) == ("answered", 2)
    assert session.add.call_args.args[0].body == "It works again."
