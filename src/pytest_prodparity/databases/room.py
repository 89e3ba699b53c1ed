"""How much disk a server has left."""

from __future__ import annotations

import shutil
from contextlib import closing

import psycopg

from .provider import Server


def free(server: Server, connection: psycopg.Connection | None = None) -> int | None:
    """Free bytes where the server keeps its data; None where nobody can tell.

    A container is asked itself: its disk may be a virtual machine's. On a server of the user's no program is run.
    """
    if server.data is not None:
        try:
            return shutil.disk_usage(server.data).free
        except OSError:
            return None
    if server.kind != "docker":
        return None
    try:
        if connection is not None:
            return _asked(connection)
        with closing(psycopg.connect(server.dsn(), autocommit=True)) as own:
            return _asked(own)
    except (psycopg.Error, ValueError, IndexError):
        return None


def _asked(connection: psycopg.Connection) -> int:
    # POSIX: a head, then one line per file system: name, 1024-blocks, used, available, capacity, mounted on.
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS prodparity_df (line text)")
    try:
        connection.execute("COPY prodparity_df FROM PROGRAM 'df -Pk .'")
        row = connection.execute("SELECT line FROM prodparity_df WHERE line !~ '^Filesystem' LIMIT 1").fetchone()
    finally:
        connection.execute("DROP TABLE IF EXISTS prodparity_df")
    return int(row[0].split()[3]) * 1024 if row else 0
