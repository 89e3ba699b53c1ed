from unittest.mock import MagicMock

import app


def test_reply_is_mailed():
    session, mail = MagicMock(), MagicMock()
    ticket = app.Ticket(id=7, subject="Mug", status="open", customer=app.Customer(id=1, email="ann@x.org"))
    session.get_one.return_value = ticket
    app.reply(session, mail, 7, "kim", "Hello Ann")
    mail.send.assert_called_once_with("ann@x.org", "Re: Mug", "Hello Ann")
    assert ticket.status == "waiting"
    (message,) = session.add.call_args.args
    assert (message.ticket_id, message.author) == (7, "kim")
