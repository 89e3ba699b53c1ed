"""The settings that change plans or behaviour, as a fresh session of the application would have them."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.rows import DictRow

from .connection import Reading

NAMES = {
    "DateStyle", "IntervalStyle", "TimeZone", "application_name", "array_nulls", "autovacuum", "backslash_quote",
    "block_size", "bytea_output", "check_function_bodies", "client_encoding", "client_min_messages",
    "default_statistics_target", "default_table_access_method", "default_text_search_config", "default_toast_compression",
    "default_transaction_deferrable", "default_transaction_isolation", "default_transaction_read_only",
    "effective_io_concurrency", "escape_string_warning", "extra_float_digits", "hash_mem_multiplier",
    "idle_in_transaction_session_timeout", "idle_session_timeout", "integer_datetimes", "lc_collate", "lc_ctype",
    "lc_messages", "lc_monetary", "lc_numeric", "lc_time", "lock_timeout", "logical_decoding_work_mem",
    "maintenance_io_concurrency", "maintenance_work_mem", "max_connections", "max_locks_per_transaction",
    "max_parallel_maintenance_workers", "max_parallel_workers", "max_parallel_workers_per_gather",
    "max_prepared_transactions", "max_stack_depth", "max_worker_processes", "min_parallel_index_scan_size",
    "min_parallel_table_scan_size", "parallel_leader_participation", "password_encryption", "quote_all_identifiers",
    "reserved_connections", "row_security", "search_path", "server_encoding", "session_replication_role",
    "shared_buffers", "standard_conforming_strings", "statement_timeout", "superuser_reserved_connections",
    "synchronous_commit", "temp_buffers", "temp_file_limit", "transaction_timeout", "transform_null_equals",
    "vacuum_cost_delay", "wal_level", "work_mem", "xmlbinary", "xmloption", "deadlock_timeout", "default_tablespace",
}  # fmt: skip
"""Besides everything in PostgreSQL's own category `Query Tuning`."""

_OURS = {"application_name", "client_encoding"}
_BELOW = {"default", "configuration file", "environment variable", "command line", "override"}
"""Sources that are the same for every role; the others lie over them."""


def matters(name: str) -> bool:
    """Is it safe and useful to keep a setting of this name? Others (`app.jwt_secret`) may be anything."""
    folded = {known.casefold() for known in NAMES - _OURS}
    planner = name.startswith(("enable_", "jit", "geqo", "cpu_", "parallel_", "seq_page", "random_page", "plan_cache"))
    return "." not in name and (name.casefold() in folded or planner or name in _PLANNER)


_PLANNER = {
    "constraint_exclusion", "cursor_tuple_fraction", "effective_cache_size", "from_collapse_limit",
    "join_collapse_limit", "recursive_worktable_factor", "debug_parallel_query", "force_parallel_mode",
}  # fmt: skip


def read_settings(reading: Reading, *, role: str | None) -> dict[str, str]:
    """By name, as SHOW prints them. Must run before the session's own settings are made.

    `role` is the application's; None means the capturing role. Layers as in PostgreSQL: server, ALTER ROLE ALL,
    ALTER DATABASE, ALTER ROLE, ALTER ROLE IN DATABASE; what this session itself said (PGOPTIONS) does not count.
    """
    rows = reading.rows("""
        SELECT name, pg_catalog.current_setting(name) AS shown, source, boot_val
        FROM pg_catalog.pg_settings WHERE category LIKE 'Query Tuning%%' OR name = ANY(%s)
    """, (sorted(NAMES - _OURS),))  # fmt: skip
    layers = _layers(reading, role)
    result: dict[str, str] = {}
    for row in rows:
        name, layered = row["name"], layers.get(row["name"].casefold())
        if layered is not None:
            result[name] = _as_shown(reading, name, layered)
        elif row["source"] in _BELOW:
            result[name] = row["shown"]
        else:
            result[name] = _beneath(reading, row)
    return dict(sorted(result.items()))


def _layers(reading: Reading, role: str | None) -> dict[str, str]:
    rows = reading.rows("""
        SELECT s.setrole, s.setdatabase, s.setconfig FROM pg_catalog.pg_db_role_setting s
        WHERE (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
            AND (s.setrole = 0 OR s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = COALESCE(%s, session_user)))
        ORDER BY s.setrole <> 0, s.setdatabase <> 0
    """, (role,))  # fmt: skip
    result: dict[str, str] = {}
    for row in rows:
        result.update({name.casefold(): value for name, value in parse_config(row["setconfig"]).items()})
    return result


def parse_config(entries: list[str] | None) -> dict[str, str]:
    """`{work_mem=64MB}` as a mapping."""
    pairs = (entry.partition("=") for entry in entries or [])
    return {name: value for name, _, value in pairs}


def _beneath(reading: Reading, row: DictRow) -> str:
    """A value that lies under one that only this session has: the server's own is not visible, so its default."""
    if row["source"] in ("client", "session", "interactive") or row["boot_val"] is None:
        shown = str(row["shown"]) if row["boot_val"] is None else _as_shown(reading, row["name"], row["boot_val"])
    else:
        shown = _as_shown(reading, row["name"], row["boot_val"])
    if shown != row["shown"] and row["name"] not in ("DateStyle", "TimeZone", "extra_float_digits"):
        reading.notes.append(
            f"{row['name']}: this session has {row['shown']} of its own, the server's value beneath is not visible; "
            f"took PostgreSQL's default, {shown}."
        )
    return shown


def _as_shown(reading: Reading, name: str, value: str) -> str:
    """`65536` as SHOW would print it (`64MB`), by setting it for a moment in a subtransaction."""
    shown = value
    with reading.connection.transaction() as moment:
        tried = reading.attempt("SELECT pg_catalog.set_config(%s, %s, true) AS shown", (name, value))
        if not isinstance(tried, str):
            shown = str(tried[0]["shown"])
        raise_rollback(moment)
    return shown


def raise_rollback(moment: object) -> None:
    """Undo the subtransaction and go on."""
    from psycopg import Rollback

    raise Rollback(moment)  # type: ignore[arg-type]


def usable_connections(settings: Mapping[str, str], *limits: int) -> int | None:
    """`max_connections` less the reserved ones, or the lowest of `limits` (-1 is none)."""
    if "max_connections" not in settings:
        return None
    reserved = sum(int(settings.get(name, "0")) for name in ("superuser_reserved_connections", "reserved_connections"))
    return min([int(settings["max_connections"]) - reserved, *(limit for limit in limits if limit >= 0)])
