"""The settings with which our servers run, embedded or in a container."""

from __future__ import annotations

GENERATION = 3
"""Raised when kept clusters of an older version of this package must not be used any more."""


def settings(major: int) -> dict[str, str]:
    """Server settings: no durability beyond this boot, logical decoding ready, no statement in the log."""
    chosen = {
        # The delta decodes flushed WAL only: commits stay synchronous, but nothing waits for a disk.
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "on",
        "wal_level": "logical",
        "max_wal_senders": "32",
        "max_replication_slots": "64",
        "max_connections": "200",
        "max_prepared_transactions": "16",
        "max_locks_per_transaction": "256",
        # Statistics and sizes are the profile's; a vacuum in the middle of a test would bend them.
        "autovacuum": "off",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "1h",
        # DROP DATABASE waits for every session, also for one whose client was interrupted in the middle of its login.
        "authentication_timeout": "10s",
        "track_activity_query_size": "16384",
        # A test's values stay out of the log.
        "logging_collector": "off",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if major >= 16:
        chosen["scram_iterations"] = "1"
    if major >= 17:
        chosen["allow_alter_system"] = "off"
    return chosen


def initdb(major: int) -> list[str]:
    """`initdb`'s arguments: UTF-8, order by bytes, and on 17 and later upper and lower case of all of Unicode."""
    arguments = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"]
    if major >= 14:
        arguments.append("--no-instructions")
    if major >= 17:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if major >= 18:
        # The planner twin writes pages itself.
        arguments.append("--no-data-checksums")
    return arguments
