from unittest.mock import MagicMock

import app


def test_each_mail_is_posted():
    conn, client = MagicMock(), MagicMock()
    conn.execute.return_value.fetchall.return_value = [(1, "a@x.org", "Hi", "…"), (2, "b@x.org", "Hi", "…")]
    assert app.send_queued(conn, client, 5) == 2
    assert client.post.call_count == 2
    assert client.post.call_args.kwargs["headers"] == {"Idempotency-Key": "email-2"}
