"""What a schema adds to the texts of statements: views, partitions, foreign keys, triggers, functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from .footprint import NONE, Relations, Tables
from .tables import ADVISORY_LOCKS, SEQUENCES, Text, read_body

QUERY = """
SELECT 'relation', c.relname::text, c.relkind::text, NULL FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
SELECT DISTINCT 'rewritten', c.relname::text, r.relname::text, NULL FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class r ON r.oid = d.refobjid WHERE r.oid <> c.oid AND c.oid >= 16384
UNION ALL
SELECT 'ruled', c.relname::text, NULL, NULL FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
WHERE w.ev_type <> '1' AND c.oid >= 16384
UNION ALL
SELECT 'part', p.relname::text, c.relname::text, NULL FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'foreign key', c.relname::text, p.relname::text, (SELECT string_agg(a.attname, chr(31)) FROM pg_attribute a
  WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid WHERE k.contype = 'f'
UNION ALL
SELECT 'deferred', c.relname::text, p.relname::text, NULL FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_class p ON p.oid = k.confrelid WHERE k.condeferred
UNION ALL
SELECT 'deferred', c.relname::text, NULL, NULL FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tginitdeferred AND NOT t.tgisinternal
UNION ALL
SELECT 'trigger', c.relname::text, f.proname::text, NULL FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc f ON f.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
UNION ALL
SELECT 'needs', o.relname, f.proname::text, NULL FROM (
  SELECT 'pg_attrdef'::regclass AS kind, a.oid, c.relname::text FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, c.relname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  UNION ALL
  SELECT 'pg_policy'::regclass, p.oid, c.relname::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
  UNION ALL
  SELECT 'pg_rewrite'::regclass, w.oid, c.relname::text FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
) o JOIN pg_depend d ON d.classid = o.kind AND d.objid = o.oid AND d.refclassid = 'pg_proc'::regclass
JOIN pg_proc f ON f.oid = d.refobjid WHERE f.oid >= 16384
UNION ALL
SELECT DISTINCT 'policy', c.relname::text, r.relname::text, NULL FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class r ON r.oid = d.refobjid WHERE r.oid <> c.oid
UNION ALL
SELECT 'function', f.proname::text, l.lanname::text, f.prosrc FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang
WHERE f.oid >= 16384
"""
"""Rows for `relations`, from any connection that may read the catalogue."""

_Row = tuple[str, str, str | None, str | None]


def relations(rows: Iterable[_Row]) -> Relations:
    """From what QUERY gives: kind, name, other name, source."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    bodies: dict[str, Text] = {}
    keys: dict[str, set[str]] = defaultdict(set)
    for kind, name, other, source in rows:
        if kind == "function":
            known = other in ("sql", "plpgsql") and bool(source)
            # Several of one name: all of them.
            bodies[name] = _both(
                bodies.get(name), read_body(source or "") if known else Text(unknown=other != "internal")
            )
        else:
            pairs[kind].append((name, other or ""))
            if kind == "foreign key":
                keys[other or ""] |= set((source or "").split("\x1f"))
    functions = _functions(bodies)
    reads = _closed([*pairs["rewritten"], *pairs["part"], *pairs["policy"]])
    touched, opaque = list[tuple[str, str]](), {name for name, _ in pairs["ruled"]}
    for parent, part in pairs["part"]:
        touched += [(parent, part), (part, parent)]
    for table, function in [*pairs["trigger"], *pairs["needs"]]:
        if function not in functions:
            opaque.add(table)
        else:
            touched += [(table, name) for name in functions[function][0] | functions[function][1]]
    return Relations(
        tables=frozenset(name for name, _ in pairs["relation"]),
        parents={
            child: frozenset(p for c, p in pairs["foreign key"] if c == child) for child, _ in pairs["foreign key"]
        },
        children=_closed((parent, child) for child, parent in pairs["foreign key"]),
        keys={parent: frozenset(columns) for parent, columns in keys.items()},
        reads=reads,
        touches=_closed(touched),
        opaque=frozenset(opaque),
        functions=functions,
        deferred=frozenset(name for pair in pairs["deferred"] for name in pair if name),
    )


def _both(one: Text | None, other: Text) -> Text:
    if one is None:
        return other
    return Text(
        reads=one.reads | other.reads,
        writes=one.writes | other.writes,
        calls=one.calls | other.calls,
        made=one.made | other.made,
        unknown=one.unknown or other.unknown,
    )


def _functions(bodies: Mapping[str, Text]) -> dict[str, tuple[Tables, Tables]]:
    """Those that can be read, with what the functions that they call read and write."""
    found: dict[str, tuple[Tables, Tables]] = {}
    grown = True
    while grown:
        grown = False
        for name, text in bodies.items():
            if name in found or text.unknown or not text.calls - {name} <= found.keys():
                continue
            below = [found[called] for called in text.calls - {name}]
            variables = {"new", "old"}
            found[name] = (
                text.reads.union(*(reads for reads, _ in below)) - text.made - variables,
                text.writes.union(*(writes for _, writes in below)) - text.made - variables,
            )
            grown = True
    return found


def _closed(pairs: Iterable[tuple[str, str]]) -> dict[str, Tables]:
    """Names, with all that can be reached from each."""
    direct: dict[str, set[str]] = defaultdict(set)
    for name, other in pairs:
        if other and other not in (SEQUENCES, ADVISORY_LOCKS):
            direct[name].add(other)
    found: dict[str, Tables] = {}
    for name in list(direct):
        reached: set[str] = set()
        todo = list(direct[name])
        while todo:
            one = todo.pop()
            if one not in reached:
                reached.add(one)
                todo += direct.get(one, NONE)
        found[name] = frozenset(reached)
    return found
