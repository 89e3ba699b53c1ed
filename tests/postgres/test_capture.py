"""What capture reads from a production in which everything is awkward, on two versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.model import Profile, Table
from pytest_prodparity.profile.store import load, save
from tests.postgres.awkward import SCHEMA
from tests.postgres.conftest import Production, production_on


@dataclass
class Captured:
    production: Production
    profile: Profile
    schema: str

    def table(self, name: str) -> Table:
        found = self.profile.table(name)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def captured(either: Server) -> Iterator[Captured]:
    """Captured by a superuser."""
    with production_on(either, SCHEMA) as production:
        profile, schema = capture(production.url)
        yield Captured(production, profile, schema)


@pytest.fixture(scope="module")
def by_reader(captured: Captured) -> tuple[Profile, str]:
    """The same, captured by a role that may read everything and is nothing more."""
    return capture(captured.production.role("GRANT pg_read_all_data TO {}"))


def test_the_schema_restores_and_gives_the_same_schema_again(captured: Captured, server: Server) -> None:
    with production_on(server, "") as copy:
        copy.execute(captured.schema)
        _, again = capture(copy.url)
    if captured.production.server.version >= 180000:
        assert again == captured.schema
    else:  # 18 names NOT NULL constraints
        assert _objects(again) == _objects(captured.schema)


def _objects(schema: str) -> list[str]:
    return [line for line in schema.splitlines() if line.startswith("-- Name:")]


def test_indexes_are_restored_in_the_order_in_which_production_made_them(captured: Captured, server: Server) -> None:
    query = """SELECT c.relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indrelid = 'customers'::regclass ORDER BY indexrelid"""
    with psycopg.connect(captured.production.url) as connection:
        names = connection.execute(query).fetchall()
    with production_on(server, "") as copy:
        copy.execute(captured.schema)
        with psycopg.connect(copy.url) as connection:
            assert connection.execute(query).fetchall() == names
    assert [index.name for index in captured.table("public.customers").indexes] == [name for (name,) in names]


def test_the_schema_has_nothing_that_differs_from_run_to_run(captured: Captured) -> None:
    profile, schema = capture(captured.production.url)
    assert schema == captured.schema
    assert profile.tables == captured.profile.tables
    assert "Dumped" not in schema
    assert "\\restrict" not in schema
    assert " OWNER TO " not in schema


def test_values_are_production_s_own_to_the_letter(captured: Captured) -> None:
    columns = {column.name: column for column in captured.table("public.customers").columns}
    with psycopg.connect(captured.production.url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in ("city", "mood", "age", "nums", "at", "paid", "uid"):
            found = columns[name].statistics
            assert found is not None
            for values in (found.most_common_vals, found.histogram_bounds):
                for value in values or []:
                    row = connection.execute(
                        sql.SQL("SELECT count(*) FROM customers WHERE {}::text = %s").format(sql.Identifier(name)),
                        (value,),
                    ).fetchone()
                    assert row is not None
                    assert row[0] > 0, (name, value)
    assert len(columns["city"].statistics.most_common_vals or []) == 7  # type: ignore[union-attr]
    assert len(columns["at"].statistics.histogram_bounds or []) == 101  # type: ignore[union-attr]


def test_statistics_equal_production_s_pg_stats(captured: Captured) -> None:
    with psycopg.connect(captured.production.url) as connection:
        rows = connection.execute(
            """SELECT tablename, attname, null_frac, avg_width, n_distinct, correlation FROM pg_stats
               WHERE schemaname = 'public' AND NOT inherited"""
        ).fetchall()
    expected = {(table, column): tuple(rest) for table, column, *rest in rows}
    found = {
        (table.name, column.name): (s.null_frac, s.avg_width, s.n_distinct, s.correlation)
        for table in captured.profile.tables
        if table.schema == "public"
        for column in table.columns
        if (s := column.statistics) is not None
    }
    found |= {
        (index.name, name): (s.null_frac, s.avg_width, s.n_distinct, s.correlation)
        for table in captured.profile.tables
        for index in table.indexes
        for name, s in index.expression_statistics.items()
    }
    assert found == expected


def test_sizes_and_counts_are_production_s(captured: Captured) -> None:
    with psycopg.connect(captured.production.url) as connection:
        rows = connection.execute(
            """SELECT n.nspname || '.' || relname, relpages, reltuples, relallvisible, pg_relation_size(c.oid)
               FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
               WHERE relkind IN ('r', 'p', 'm') AND nspname IN ('public', 'Odd Schema')"""
        ).fetchall()
    expected = {name: (max(0, pages), tuples, visible, size or 0) for name, pages, tuples, visible, size in rows}
    found = {
        table.full_name: (table.pages, table.tuples, table.all_visible, table.size) for table in captured.profile.tables
    }
    assert found == expected


def test_partitions_know_their_parent_and_bound(captured: Captured) -> None:
    assert captured.table("events").kind == "partitioned"
    part = captured.table("events_2023")
    assert (part.kind, part.parent) == ("partition", "public.events")
    assert part.bound == "FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')"
    middle = captured.table("events_2024")
    assert (middle.kind, middle.parent) == ("partitioned", "public.events")
    kind = next(column for column in captured.table("events").columns if column.name == "kind")
    assert kind.inherited_statistics is not None
    assert kind.inherited_statistics.most_common_vals == ["k", "a"]
    assert captured.table("derived").parent == "public.base"


def test_ends_are_the_least_and_greatest_of_each_leading_column_that_may_leave(captured: Captured) -> None:
    customers = captured.table("public.customers").ends
    assert customers == {"id": ["1", "5000"], "flag": ["false", "true"], "paid": ["1.10", "5500.00"]}
    assert captured.table("base").ends == {"id": ["1", "100"]}, "ONLY, without the children"
    assert captured.table('Odd Schema.Order %s "x"').ends["Placed At"] == ["2020-01-01", "2022-09-26"]
    assert captured.table("events").ends == {}


def test_indexes_tell_columns_predicate_and_method(captured: Captured) -> None:
    indexes = {index.name: index for index in captured.table("public.customers").indexes}
    assert indexes["customers_pkey"].primary
    assert indexes["by_lower"].columns == ["lower(email)"]
    assert indexes['By "City"'].columns == ["city", "id"], "INCLUDE is no key"
    assert "INCLUDE (age)" in indexes['By "City"'].definition
    assert indexes['By "City"'].partial == "((age)::integer > 5)"
    assert indexes["by_tags"].method == "gin"
    assert indexes["by_paid"].pages > 1
    assert indexes["by_paid"].size == indexes["by_paid"].pages * 8192


def test_constraints_enums_domains_sequences_views_functions_are_there(captured: Captured) -> None:
    order = captured.table('Odd Schema.Order %s "x"')
    key = next(entry for entry in order.constraints if entry.kind == "foreign key")
    assert (key.columns, key.references, key.references_columns) == (["customer"], "public.customers", ["id"])
    profile = captured.profile
    assert profile.enums == {"public.mood": ["sad", "ok", 'it\'s "fine"']}
    assert profile.domains["public.positive"].startswith("integer CHECK")
    assert profile.views.keys() == {"public.View 1", "public.grouped"}
    assert profile.functions["public.twice(x integer)"] == "stable sql"
    assert profile.functions["public.nothing()"] == "volatile sql procedure"
    sequences = {f"{entry.schema}.{entry.name}": entry for entry in profile.sequences}
    assert sequences["Odd Schema.Seq"].last_value == 2
    assert sequences["public.customers_id_seq"].owned_by == "public.customers.id"
    generated = {column.name: column.generated for column in captured.table("public.customers").columns}
    assert generated["id"] == "identity always"
    assert generated["lowered"] == "stored"


def test_tables_of_the_same_name_are_told_apart(captured: Captured) -> None:
    assert captured.profile.table("customers") is None
    assert captured.table("Odd Schema.customers").columns[1].name == "note"


def test_a_table_that_was_never_analysed_is_noted_with_its_counted_rows(captured: Captured) -> None:
    never = captured.table("never")
    assert never.tuples == -1
    assert never.size > 0
    assert any(note.startswith("Never analysed") and "public.never" in note for note in captured.profile.notes)


def test_extended_statistics_number_columns_without_the_dropped_ones(captured: Captured) -> None:
    found = {entry.name: entry for entry in captured.profile.extended_statistics}
    both = found["St at"]
    assert both.kinds == ["ndistinct", "dependencies", "mcv"]
    # city is column 3; lowered was column 19 before one was dropped
    assert both.ndistinct == '{"3, 18": 7}'
    assert both.dependencies == '{"3 => 18": 1.000000, "18 => 3": 1.000000}'
    assert both.mcv is None, "city is text"
    assert found["numbers"].mcv is not None, "numbers and booleans may leave"
    assert list(found["upper_city"].expressions) == ["upper(city)"]
    assert found["upper_city"].expressions["upper(city)"].most_common_vals is None


def test_restored_statistics_equal_production_s(captured: Captured, server: Server) -> None:
    """What was captured is exactly what the restoring functions take."""
    from pytest_prodparity.twin import statistics

    ranges = ", range_bounds_histogram::text, range_length_histogram::text, range_empty_frac"
    names = f"""SELECT tablename, attname, inherited, null_frac, n_distinct, correlation, most_common_vals::text,
        most_common_freqs, histogram_bounds::text, most_common_elems::text, most_common_elem_freqs, elem_count_histogram
        {ranges if captured.production.server.version >= 170000 else ""}
        FROM pg_stats WHERE schemaname IN ('public', 'Odd Schema') ORDER BY schemaname, 1, 2, 3"""
    profile, schema = capture(captured.production.url, keep=["*.*"])
    with production_on(server, "") as copy:
        copy.execute(schema)
        with psycopg.connect(copy.url) as twin, psycopg.connect(captured.production.url) as production:
            assert statistics.restore(twin, profile) == []
            expected = production.execute(names.encode()).fetchall()
            assert twin.execute(names.encode()).fetchall() == expected


def test_an_ordinary_reader_sees_the_same_but_heights(captured: Captured, by_reader: tuple[Profile, str]) -> None:
    profile, schema = by_reader
    assert schema == captured.schema
    mine = {table.full_name: table for table in profile.tables}
    for table in captured.profile.tables:
        if table.row_security is None:
            assert mine[table.full_name] == table
    assert profile.identity == captured.profile.identity
    assert any("pageinspect" in note for note in profile.notes)


def test_row_level_security_hides_statistics_and_the_note_says_what_to_type(by_reader: tuple[Profile, str]) -> None:
    profile, _ = by_reader
    private = profile.table("private")
    assert private is not None
    assert private.row_security == "enabled"
    assert private.columns[0].statistics is None
    assert any("public.private: row-level security" in note and "BYPASSRLS" in note for note in profile.notes)


def test_a_role_without_any_right_still_gets_the_whole_schema(captured: Captured) -> None:
    profile, schema = capture(captured.production.role())
    assert schema == captured.schema
    customers = profile.table("public.customers")
    assert customers is not None
    assert not customers.readable
    assert customers.size > 0
    assert customers.columns[0].statistics is None
    note = next(note for note in profile.notes if note.startswith("No statistics of"))
    assert "GRANT pg_read_all_data TO reader_" in note


def test_capture_writes_and_locks_nothing(captured: Captured) -> None:
    with psycopg.connect(captured.production.url) as other:
        # what a migration holds: nobody may lock the table until it is done
        other.execute("LOCK TABLE never IN SHARE ROW EXCLUSIVE MODE")
        before = other.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables").fetchone()
        capture(captured.production.url)
        after = other.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables").fetchone()
    assert before == after


def test_a_profile_survives_the_disk(captured: Captured, tmp_path: Path) -> None:
    save(tmp_path, captured.profile, captured.schema)
    stored = load(tmp_path)
    assert stored.profile == captured.profile
    assert stored.schema == captured.schema
    assert hashlib.sha256(captured.schema.encode()).hexdigest() == stored.profile.schema_sha256


def test_no_values_means_none(captured: Captured, tmp_path: Path) -> None:
    profile, _ = capture(captured.production.url, values=False)
    from pytest_prodparity.profile.leaving import leaving

    assert [entry for entry in leaving(profile) if entry.values] == []
    assert all(entry.mcv is None for entry in profile.extended_statistics)
