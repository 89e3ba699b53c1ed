from unittest.mock import patch

import app


def test_a_token_is_fetched_once():
    with patch.object(app.requests, "post") as post:
        post.return_value.json.return_value = {"access_token": "t-1", "expires_in": 300}
        assert app.bearer("mock", "http://auth") == "Bearer t-1"
        assert app.bearer("mock", "http://auth") == "Bearer t-1"
    post.assert_called_once()
