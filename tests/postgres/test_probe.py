"""`capture --probe` and `--whole` against real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile import fanout
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.model import Profile, Table
from pytest_prodparity.profile.probed import FanOut, NullPattern, Probes
from pytest_prodparity.profile.store import load, save
from tests.postgres.conftest import Production, production_on
from tests.postgres.test_capture_command import prodparity

SCHEMA = """
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL, area int, api_token text, capital text);
INSERT INTO countries SELECT chr(65 + n / 26) || chr(65 + n % 26), 'Country ' || n, NULLIF(n * 100, 500), 'tok' || n, 'C' || n
    FROM generate_series(0, 49) n;
CREATE TABLE airports (faa char(3) PRIMARY KEY, city text NOT NULL);
INSERT INTO airports SELECT 'A' || chr(65 + n / 26) || chr(65 + n % 26), 'City ' || n % 60 FROM generate_series(0, 199) n;
CREATE TABLE "Big Customers" (id bigint PRIMARY KEY, country char(2) NOT NULL REFERENCES countries, joined timestamptz NOT NULL);
INSERT INTO "Big Customers" SELECT n, (SELECT code FROM countries OFFSET n % 40 LIMIT 1), timestamptz '2024-01-01' + n * interval '1 hour'
    FROM generate_series(1, 3000) n;
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint REFERENCES "Big Customers", airport char(3), ordered_at timestamptz NOT NULL,
    shipped_on date, carrier text, reason text, zip int NOT NULL, town int NOT NULL
);
INSERT INTO orders
SELECT row_number() OVER (), c.id, (SELECT faa FROM airports OFFSET (c.id + n) % 150 LIMIT 1),
    c.joined + n * interval '3 days', CASE WHEN n % 2 = 0 THEN (c.joined + n * interval '3 days' + interval '5 days')::date END,
    CASE WHEN n % 2 = 0 THEN 'DHL' END, CASE WHEN n % 2 = 1 THEN 'late' END, (c.id * 7 + n) % 500, ((c.id * 7 + n) % 500) / 10
FROM "Big Customers" c, LATERAL generate_series(1, CASE WHEN c.id % 3 = 0 THEN 0 WHEN c.id % 100 = 1 THEN 40 ELSE 2 END) n;
CREATE TABLE lines (order_id bigint REFERENCES orders, line int, PRIMARY KEY (order_id, line));
INSERT INTO lines SELECT id, n FROM orders, LATERAL generate_series(1, (1 + id % 4)::int) n;
CREATE TABLE parcels (id bigint PRIMARY KEY, order_id bigint, line int, FOREIGN KEY (order_id, line) REFERENCES lines);
INSERT INTO parcels SELECT row_number() OVER (), order_id, line FROM lines, LATERAL generate_series(1, line - 1) n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Production]:
    with production_on(server, SCHEMA) as production:
        yield production


@pytest.fixture(scope="module")
def taken(shop: Production) -> Profile:
    return capture(shop.url, probe_seconds=60, whole=["countries"], deny=["countries.capital"])[0]


def table(profile: Profile, name: str) -> Table:
    found = profile.table(name)
    assert found is not None
    return found


def probes(profile: Profile, name: str) -> Probes:
    found = table(profile, name).probes
    assert found is not None
    return found


def edge(profile: Profile, name: str, *columns: str) -> FanOut:
    return next(one for one in probes(profile, name).fan_outs if one.columns == list(columns))


def asked(production: Production, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(production.url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_children_per_parent_are_counted_childless_ones_included(shop: Production, taken: Profile) -> None:
    found = edge(taken, "orders", "customer_id")
    truth = asked(shop, """SELECT k, count(*) FROM (SELECT count(o.id) AS k FROM "Big Customers" c
        LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id) s GROUP BY k ORDER BY k""")  # fmt: skip
    assert list(zip(found.sizes, found.parents, strict=True)) == truth
    assert (found.sizes[0], found.parents[0]) == (0, 1000)
    assert found.constraint == "orders_customer_id_fkey"


def test_keys_of_several_columns_are_counted_too(taken: Profile) -> None:
    found = edge(taken, "parcels", "order_id", "line")
    assert found.references == "public.lines"
    assert found.sizes == [0, 1, 2, 3]
    assert sum(found.parents) == table(taken, "lines").rows


def test_an_undeclared_key_is_found_by_its_values(taken: Profile) -> None:
    found = edge(taken, "orders", "airport")
    assert (found.references, found.references_columns, found.constraint, found.overlap) == (
        "public.airports",
        ["faa"],
        None,
        1,
    )
    assert sum(found.parents) == 200
    assert found.sizes[0] == 0
    assert found.parents[0] == 50


def test_numbers_that_happen_to_lie_within_another_key_are_no_key(taken: Profile) -> None:
    soft = [
        one.columns for entry in taken.tables if entry.probes for one in entry.probes.fan_outs if one.constraint is None
    ]
    assert soft == [["airport"]]


def test_times_that_follow_others_have_their_distance(taken: Profile) -> None:
    shipped = next(one for one in probes(taken, "orders").differences if one.column == "shipped_on")
    assert (shipped.base, shipped.reference) == ("ordered_at", [])
    assert 4 * 86400 <= shipped.seconds[0] <= shipped.seconds[-1] <= 5 * 86400
    ordered = next(one for one in probes(taken, "orders").differences if one.column == "ordered_at")
    assert (ordered.base, ordered.reference) == ("joined", ["customer_id"])
    assert ordered.seconds[0] == 3 * 86400


def test_columns_that_are_null_together_are_found(taken: Profile) -> None:
    found = probes(taken, "orders").null_patterns
    assert found == [
        NullPattern(columns=["reason"], share=0.5),
        NullPattern(columns=["shipped_on", "carrier"], share=0.5),
    ]


def test_a_column_that_follows_from_another_is_found(taken: Profile) -> None:
    pairs = [(one.determinant, one.dependent) for one in probes(taken, "orders").dependencies]
    assert ("zip", "town") in pairs
    assert ("town", "zip") not in pairs


def test_rows_of_a_small_table_leave_without_denied_and_secret_columns(taken: Profile) -> None:
    whole = table(taken, "countries").whole
    assert whole is not None
    assert whole.columns == ["code", "name", "area"]
    assert whole.rows[5] == ["AF", "Country 5", None]
    assert len(whole.rows) == 50
    assert whole.withheld == {"api_token": "secret", "capital": "denied"}


def test_without_being_asked_nothing_is_probed(shop: Production) -> None:
    profile, _ = capture(shop.url)
    assert not [entry.name for entry in profile.tables if entry.probes or entry.whole]


def test_what_was_probed_survives_the_file(taken: Profile, shop: Production, tmp_path: Path) -> None:
    profile, schema = capture(shop.url, probe_seconds=60, whole=["countries"])
    save(tmp_path, profile, schema)
    assert load(tmp_path).profile == profile
    lines = (tmp_path / "profile.json").read_text().splitlines()
    assert sum(line.strip().startswith('["A') for line in lines) == 26


def test_no_text_leaves_with_probes(shop: Production) -> None:
    profile, _ = capture(shop.url, values=False, probe_seconds=60)
    assert edge(profile, "orders", "customer_id").known
    assert probes(profile, "orders").differences == []


def test_a_large_table_with_many_rows_is_refused_with_the_count(shop: Production) -> None:
    with pytest.raises(UsageError) as found:
        capture(shop.url, whole=["Big Customers"])
    assert "--whole public.Big Customers: it has 3,000 rows, and at most 1,000 of a table leave." in str(found.value)


def test_a_mistyped_table_is_refused_with_the_nearest(shop: Production) -> None:
    with pytest.raises(UsageError, match=r"--whole contries: production has no such table.*countries"):
        capture(shop.url, whole=["contries"])


def test_whole_and_no_values_contradict(shop: Production) -> None:
    with pytest.raises(UsageError, match="--whole countries lets values leave, and --no-values lets none"):
        capture(shop.url, values=False, whole=["countries"])


def test_a_table_without_rights_is_not_probed_and_noted(shop: Production) -> None:
    url = shop.role('GRANT SELECT ON countries, airports, orders, "Big Customers" TO {}')
    profile, _ = capture(url, probe_seconds=60)
    assert table(profile, "lines").probes is None
    assert edge(profile, "orders", "customer_id").known
    assert any(
        "Not probed, because the role may not read them: public.lines, public.parcels" in n for n in profile.notes
    )
    with pytest.raises(UsageError, match=r"--whole public\.lines: the role may not read all its rows"):
        capture(url, whole=["lines"])


def test_what_there_was_no_time_for_is_noted_and_the_rest_is_there(
    make_production: Callable[[Server, str], Production], server: Server
) -> None:
    slow = make_production(
        server,
        # half a million groups of long texts take some tenths of a second everywhere
        "CREATE TABLE a (k text PRIMARY KEY); CREATE TABLE b (k text);"
        "INSERT INTO b SELECT repeat(md5(n::text), 4) FROM generate_series(1, 500000) n;"
        "ALTER TABLE b ADD FOREIGN KEY (k) REFERENCES a NOT VALID; ANALYZE",
    )
    profile, schema = capture(slow.url, probe_seconds=0.2, timeout=30)
    assert table(profile, "b").probes is None
    note = next(note for note in profile.notes if note.startswith("Not probed within the time limit (0.2 s in all"))
    assert "fan-out of public.b (k)" in note
    assert "--probe-seconds" in note
    assert "CREATE TABLE public.b" in schema


def test_the_command_lists_what_leaves(shop: Production, tmp_path: Path) -> None:
    out = prodparity(
        tmp_path, "capture", shop.url, "--probe", "--whole", "countries,airports", "--deny", "countries.capital"
    )
    assert "all 50 rows of public.countries: code, name, area  (--whole)" in out
    assert 'without api_token (secret: --keep "countries.api_token" lets it leave)' in out
    assert "without capital (denied)" in out
    assert "all 200 rows of public.airports: faa, city  (--whole)" in out
    assert "public.orders.airport = public.airports.faa  undeclared, 100% found" in out
    assert "Probed, as numbers: children per parent of 5 keys, 1 of them undeclared" in out


def test_probe_seconds_alone_is_refused(shop: Production, tmp_path: Path) -> None:
    out = prodparity(tmp_path, "capture", shop.url, "--probe-seconds", "5", status=2)
    assert "--probe-seconds says how long --probe may take." in out


def test_of_a_large_table_parents_are_sampled(shop: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.execute("CREATE INDEX IF NOT EXISTS by_customer ON orders (customer_id)")
    monkeypatch.setattr(fanout, "LARGE", 1000)
    found = edge(capture(shop.url, probe_seconds=60)[0], "orders", "customer_id")
    assert list(zip(found.sizes, found.parents, strict=True)) == [(0, 1000), (2, 1980), (40, 20)]


def test_many_numbers_of_children_are_taken_together() -> None:
    pairs = [(size, 1 + 100_000 // size**2) for size in range(1, 5000)]
    sizes, parents = fanout.merged(pairs)
    assert len(sizes) < 110
    assert sum(parents) == sum(count for _, count in pairs)
    children = sum(size * count for size, count in zip(sizes, parents, strict=True))
    assert children == pytest.approx(sum(size * count for size, count in pairs), rel=0.001)
    assert sizes == sorted(sizes)


AWKWARD = '''
CREATE SCHEMA "other ""one""";
CREATE TABLE "other ""one""".parents (id int PRIMARY KEY, "at %s" timestamptz, born date);
INSERT INTO "other ""one""".parents SELECT n, timestamptz '2024-01-01' + n * interval '1 hour', date '1970-01-01' + n FROM generate_series(1, 500) n;
CREATE TABLE events ("Parent %" int REFERENCES "other ""one""".parents, at timestamp NOT NULL, doc json, place point, birth_date date, nothing int)
    PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-01-12');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-01-12') TO ('2025-01-01');
INSERT INTO events SELECT p.id, p."at %s" + k * interval '1 minute', CASE WHEN k = 1 THEN '{}'::json END, CASE WHEN k = 1 THEN point(1, 1) END,
    p.born, NULL FROM "other ""one""".parents p, generate_series(1, 3) k;
CREATE TABLE loops (id int PRIMARY KEY, up int REFERENCES loops, secret_at timestamptz);
INSERT INTO loops SELECT n, NULLIF(n / 4, 0), 'infinity' FROM generate_series(1, 400) n;
CREATE TABLE empty (id int PRIMARY KEY, loop int REFERENCES loops, at date);
ANALYZE;
'''


def test_awkward_tables_are_probed_on_either_version(either: Server) -> None:
    with production_on(either, AWKWARD) as production:
        profile, _ = capture(production.url, probe_seconds=60, whole=["loops"])
        notes = [note for note in profile.notes if "probed" in note]
        assert notes == []
        one, two = edge(profile, "events_1", "Parent %"), edge(profile, "events_2", "Parent %")
        assert one.sizes[0] == two.sizes[0] == 0
        assert sum(one.parents) == sum(two.parents) == 500
        assert (edge(profile, "loops", "up").sizes, edge(profile, "loops", "up").parents) == ([0, 1, 4], [300, 1, 99])
        later = probes(profile, "events_1").differences
        assert [(entry.column, entry.base, entry.reference) for entry in later] == [("at", "at %s", ["Parent %"])]
        assert later[0].seconds[0] == 60
        assert NullPattern(columns=["doc", "place"], share=0.66667) in probes(profile, "events_1").null_patterns
        whole = table(profile, "loops").whole
        assert whole is not None
        assert (whole.columns, whole.rows[4], whole.withheld) == (["id", "up", "secret_at"], ["5", "1", "infinity"], {})
