from __future__ import annotations

import psycopg

from pytest_prodparity.databases.provider import Server


def test_an_embedded_server_answers(server: Server) -> None:
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute("SHOW server_version_num").fetchone()
    assert row == (str(server.version),)
