from unittest.mock import AsyncMock

import app
import pytest


@pytest.mark.asyncio
async def test_archive_writes_a_file_for_each_page():
    conn, storage = AsyncMock(), AsyncMock()
    conn.fetch.side_effect = [[{"id": 1, "subject": "a"}, {"id": 2, "subject": "b"}], [{"id": 3, "subject": "c"}], []]
    assert await app.archive(conn, storage, size=2) == 2
    assert [call.args[0] for call in storage.put.await_args_list] == ["mails-1.jsonl", "mails-3.jsonl"]
