"""CHECKs as PostgreSQL prints them: understood, and made to hold."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from pytest_prodparity.synthesis.checks import Check, Means, NotUnderstood, failing, parse, rule, satisfy
from pytest_prodparity.synthesis.values import Pool, Values, text_values, texts_of

ROWS = 2000
SEEDS = count(1)


def numbers(low: int, high: int, *, form: str = "int4", scale: int = 0, nulls: float = 0.0) -> Values:
    chance = np.random.default_rng(next(SEEDS))
    return Values(
        form=form,  # type: ignore[arg-type]
        data=chance.integers(low, high, ROWS).astype({"int4": "i4", "date": "i4"}.get(form, "i8")),
        scale=scale,
        nulls=chance.random(ROWS) < nulls if nulls else None,
    )


def words(*choices: str, nulls: float = 0.0) -> Values:
    chance = np.random.default_rng(len(choices))
    values = text_values([choices[at] for at in chance.integers(0, len(choices), ROWS)])
    values.nulls = chance.random(ROWS) < nulls if nulls else None
    return values


def stamps(nulls: float = 0.0) -> Values:
    return numbers(10**14, 7 * 10**14, form="timestamp", nulls=nulls)


def enum(*labels: str) -> Values:
    chance = np.random.default_rng(3)
    pool = Pool([one.encode() for one in labels], labels)
    return Values(form="pool", data=chance.integers(0, len(labels), ROWS), pool=pool)


def understood(expression: str) -> Check:
    check = parse(expression)
    assert isinstance(check, Check), check
    return check


HOLD: dict[str, tuple[list[str], dict[str, Values]]] = {
    "a range": (["CHECK (((a >= 1) AND (a <= 5000)))"], {"a": numbers(-2000, 9000)}),
    "numbers with two digits": (["CHECK ((a >= (0)::numeric))"], {"a": numbers(-500, 9000, form="numeric", scale=2)}),
    "a list": (["CHECK ((s = ANY (ARRAY['on'::text, 'off'::text])))"], {"s": words("on", "of", "off")}),
    "a list that no row is in": (
        ["CHECK (((s)::text = ANY ((ARRAY['on'::character varying, 'off'::character varying])::text[])))"],
        {"s": words("x", "y")},
    ),
    "an enum's label": (["CHECK ((s <> 'low'::priority))"], {"s": enum("low", "high", "top")}),
    "two dates in order": (["CHECK ((b >= a))"], {"a": numbers(0, 900, form="date"), "b": numbers(0, 900, form="date")}),
    "two dates in order, the first a key": (
        ["CHECK ((b > a))"], {"k a": numbers(0, 9, form="date"), "a": numbers(0, 900, form="date"), "b": numbers(0, 900, form="date")}
    ),
    "three moments in order": (
        ["CHECK (((a <= b) AND (b <= c)))"], {"a": stamps(0.1), "b": stamps(0.3), "c": stamps(0.5)},
    ),
    "a sum": (
        ["CHECK ((gross = (net + tax)))", "CHECK ((net > (0)::numeric))", "CHECK (((discount >= (0)::numeric) AND (discount <= net)))"],
        {
            "net": numbers(-100, 90000, form="numeric", scale=2), "tax": numbers(0, 20000, form="numeric", scale=2),
            "gross": numbers(0, 90000, form="numeric", scale=2), "discount": numbers(0, 20000, form="numeric", scale=2),
        },
    ),
    "a difference": (["CHECK (((b - a) = c))"], {one: numbers(0, 9000, form="numeric", scale=4) for one in "abc"}),
    "an absolute value": (["CHECK ((abs(a) <= (180)::double precision))"], {"a": numbers(-500, 500)}),
    "a column that a status demands": (
        ["CHECK (((s <> 'shipped'::text) OR (at IS NOT NULL)))"], {"s": words("new", "shipped"), "at": stamps(0.5)},
    ),
    "a column that goes with a status": (
        ["CHECK (((s = ANY (ARRAY['done'::text, 'wontfix'::text])) = (at IS NOT NULL)))"],
        {"s": words("open", "done", "wontfix"), "at": stamps(0.5)},
    ),
    "both or none": (["CHECK (((a IS NULL) = (b IS NULL)))"], {"a": numbers(0, 9, nulls=0.3), "b": numbers(0, 9, nulls=0.6)}),
    "a flag and its time": (
        ["CHECK (((gone AND (at IS NOT NULL)) OR ((NOT gone) AND (at IS NULL))))"],
        {"gone": Values(form="bool", data=np.arange(ROWS) % 3 == 0), "at": stamps(0.5)},
    ),
    "exactly one of two": (["CHECK ((num_nonnulls(a, b) = 1))"], {"a": numbers(0, 9, nulls=0.5), "b": numbers(0, 9, nulls=0.5)}),
    "at least one of two": (["CHECK (((a IS NOT NULL) OR (b IS NOT NULL)))"], {"a": numbers(0, 9, nulls=0.5), "b": numbers(0, 9, nulls=0.5)}),
    "an owner of one of two kinds": (
        [
            "CHECK ((((kind = 'order'::text) AND (a IS NOT NULL) AND (b IS NULL)) OR"
            " ((kind = 'ticket'::text) AND (b IS NOT NULL) AND (a IS NULL))))"
        ],
        {"kind": words("order", "ticket"), "a": numbers(0, 9, nulls=0.5), "b": numbers(0, 9, nulls=0.5)},
    ),
    "a case": (
        ["CHECK (CASE WHEN ((s)::text = 'X'::text) THEN (r IS NOT NULL) ELSE (r IS NULL) END)"],
        {"s": words("O", "C", "X"), "r": words("a", "b", nulls=0.5)},
    ),
    "one side only": (
        ["CHECK (((debit = (0)::numeric) OR (credit = (0)::numeric)))", "CHECK (((debit + credit) > (0)::numeric))"],
        {"debit": numbers(0, 900, form="numeric", scale=2), "credit": numbers(0, 900, form="numeric", scale=2)},
    ),
    "a year and its date": (
        ["CHECK ((EXTRACT(year FROM posted) = (year)::numeric))"],
        {"year": numbers(2020, 2025), "posted": numbers(7305, 9130, form="date")},
    ),
    "not itself": (["CHECK ((parent <> id))"], {"id": numbers(1, 5), "parent": numbers(1, 5, nulls=0.1)}),
    "a multiple": (["CHECK ((((a % 5) = 0) AND (a >= 0) AND (a <= 100)))"], {"a": numbers(0, 101)}),
    "a length": (["CHECK ((length(t) <= 3))", "CHECK ((char_length(t) >= 2))"], {"t": words("a", "abcd", "ab", "äöü€")}),
    "something but blanks": (["CHECK ((length(btrim(t)) > 0))"], {"t": words("  ", "a")}),
    "a pattern": (["CHECK ((t ~ '^INV-[0-9]{6}$'::text))"], {"t": words("x", "y")}),
    "what is not a pattern": (["CHECK ((t !~ '[<>]'::text))"], {"t": words("a<b", "ok", "b>")}),
    "LIKE": (["CHECK (((t ~~ '/%'::text) AND (t !~~ '%/'::text)))"], {"t": words("/a", "/b/", "c")}),
    "capitals": (["CHECK (((t = upper(t)) AND (length(t) = 3)))"], {"t": words("EUR", "usd", "GB")}),
    "a moment at least": (["CHECK ((at >= '2004-01-01 00:00:00+00'::timestamp with time zone))"], {"at": stamps()}),
    "an interval": (["CHECK (((b - a) <= '12:00:00'::interval))"], {"a": stamps(), "b": stamps()}),
    "a number that goes with NULL": (
        ["CHECK (((p IS NULL) = (depth = 0)))", "CHECK ((depth >= 0))"], {"p": numbers(1, 9, nulls=0.5), "depth": numbers(0, 3)},
    ),
    "a state and its worker": (
        [
            "CHECK (((s <> 'running'::text) OR (w IS NOT NULL)))", "CHECK (((s = 'running'::text) OR (w IS NULL)))",
            "CHECK (((n >= 0) AND (n <= most)))",
        ],
        {"s": words("running", "done"), "w": words("a", "b", nulls=0.5), "n": numbers(0, 9), "most": numbers(3, 6)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLD)
def test_a_block_is_changed_until_the_checks_hold(name: str) -> None:
    definitions, block = HOLD[name]
    checks = [understood(definition) for definition in definitions]
    nullable = [column for column, values in block.items() if values.nulls is not None]
    means = Means(nullable=nullable, fixed=["a", "k a"] if "k a" in block else ["year"] if "year" in block else ())
    before = {column: values.data.copy() for column, values in block.items()}
    assert any(failing(block, check).any() for check in checks)
    assert satisfy(block, checks, np.random.default_rng(7), means) == {}
    for check in checks:
        assert not failing(block, check).any()
    for column in means.fixed:
        if column in block:
            assert (block[column].data == before[column]).all()
    for column, values in block.items():
        assert column in nullable or values.nulls is None or not values.nulls.any()


def test_two_dates_in_the_wrong_order_change_places_and_keep_their_values() -> None:
    block = {"a": numbers(0, 900, form="date"), "b": numbers(100, 900, form="date")}
    together = np.sort(np.concatenate([block["a"].data, block["b"].data]))
    satisfy(block, [understood("CHECK ((a <= b))")], np.random.default_rng(7))
    assert (np.sort(np.concatenate([block["a"].data, block["b"].data])) == together).all()


def test_a_status_keeps_its_distribution_and_gets_the_column_that_it_demands() -> None:
    block = {"s": words("new", "shipped", "shipped"), "at": stamps(0.5)}
    before = texts_of(block["s"])
    satisfy(
        block,
        [understood("CHECK (((s <> 'shipped'::text) OR (at IS NOT NULL)))")],
        np.random.default_rng(7),
        Means(nullable=["at"]),
    )
    assert texts_of(block["s"]) == before


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("CHECK (even(n))", "the function even"),
        ("CHECK ((jsonb_typeof(body) = 'object'::text))", "the function jsonb_typeof"),
        ("CHECK ((body ? 'kind'::text))", "operator ?"),
        ("CHECK ((at > now()))", "the function now"),
        ("CHECK ((home).zip IS NOT NULL)", "."),
        ("CHECK ((tags[1] = 'a'::text))", "["),
    ],
)
def test_what_only_a_server_can_evaluate_is_said_so(definition: str, why: str) -> None:
    found = parse(definition)
    assert isinstance(found, NotUnderstood)
    assert why in found.why


def test_a_check_that_cannot_be_satisfied_is_returned_with_its_rows() -> None:
    block = {"a": numbers(0, 9)}
    left = satisfy(block, [understood("CHECK (((a > 5) AND (a < 3)))")], np.random.default_rng(7))
    assert left == {"CHECK (((a > 5) AND (a < 3)))": ROWS}


def test_rules_say_what_a_column_may_hold() -> None:
    checks = [
        understood("CHECK (((a >= 1) AND (a < 10)))"),
        understood("CHECK (((s)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))"),
        understood("CHECK (((length(t) >= 3) AND (length(t) <= 20)))"),
        understood("CHECK ((t ~ '^[a-z]+$'::text))"),
        understood("CHECK (((z ~ '^\\d{5}$'::text) OR (z ~ '^\\d{5}-\\d{4}$'::text)))"),
        understood("CHECK ((b > a))"),
    ]
    assert rule(checks, "a").low == ("number", 1.0)
    assert (rule(checks, "a").high, rule(checks, "a").high_open) == (("number", 10.0), True)
    assert rule(checks, "s").values == ("x", "y")
    assert (rule(checks, "t").shortest, rule(checks, "t").longest, len(rule(checks, "t").shapes)) == (3, 20, 1)
    assert rule(checks, "z").shapes[0].size == 10**5 + 10**9
    assert rule(checks, "b").low is None
