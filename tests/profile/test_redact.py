"""The policy: which values of which columns may leave production."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.profile.model import ColumnStatistics
from pytest_prodparity.profile.redact import ENOUGH_ROWS, Policy, Subject, ends_may_leave, redact
from pytest_prodparity.profile.scrub import looks, without_secrets
from pytest_prodparity.profile.types import ValueType
from pytest_prodparity.profile.words import named, named_number

TEXT, NUMBER = ValueType(name="text"), ValueType(name="int8")
TYPES = [
    TEXT,
    NUMBER,
    ValueType(name="varchar"),
    ValueType(name="uuid"),
    ValueType(name="jsonb"),
    ValueType(name="inet"),
    ValueType(name="bytea"),
    ValueType(name="timestamptz"),
    ValueType(name="bool"),
    ValueType(name="mood", enum=True, builtin=False),
    ValueType(name="text", form="array"),
    ValueType(name="int4", form="array"),
    ValueType(name="text", form="range"),
    ValueType(name="date", form="range"),
    ValueType(name="int8", builtin=False),
]


def subject(name: str = "status", kind: ValueType = TEXT, rows: float = 1000, table: str = "orders") -> Subject:
    return Subject(schema="public", table=table, names=(name,), type=kind, rows=rows)


def statistics(values: list[str], shares: list[float], bounds: list[str] | None = None) -> ColumnStatistics:
    return ColumnStatistics(
        null_frac=0.0,
        avg_width=8,
        n_distinct=-1.0,
        most_common_vals=values or None,
        most_common_freqs=shares or None,
        histogram_bounds=bounds,
        correlation=0.5,
    )


some = st.text(max_size=12)


@st.composite
def any_statistics(draw: st.DrawFn) -> ColumnStatistics:
    values = draw(st.lists(some, unique=True, max_size=6))
    shares = [draw(st.floats(0, 1)) for _ in values]
    lists = st.none() | st.lists(some, min_size=2, max_size=5)
    return ColumnStatistics(
        null_frac=draw(st.floats(0, 1)),
        avg_width=draw(st.integers(0, 100)),
        n_distinct=draw(st.floats(-1, 1e6)),
        most_common_vals=values or None,
        most_common_freqs=shares or None,
        histogram_bounds=draw(lists),
        most_common_elems=draw(lists),
        range_bounds_histogram=draw(lists),
        range_length_histogram=draw(lists),
    )


def shown(found: ColumnStatistics) -> list[str]:
    lists = (found.most_common_vals, found.histogram_bounds, found.most_common_elems,
             found.range_bounds_histogram, found.range_length_histogram)  # fmt: skip
    return [value for values in lists if values for value in values]


policies = st.builds(
    Policy,
    values=st.booleans(),
    keep=st.sampled_from([(), ("orders.*",), ("*.status",)]),
    deny=st.sampled_from([(), ("orders.status",), ("public.*.*",)]),
)
names = st.sampled_from(["status", "email", "api_key", "amount", "phone", "x"])


@given(policies, names, st.sampled_from(TYPES), st.floats(-1, 1e7), any_statistics())
def test_what_leaves_was_there_and_shares_stay(
    policy: Policy, name: str, kind: ValueType, rows: float, found: ColumnStatistics
) -> None:
    result = redact(policy, subject(name, kind, rows), found)
    assert set(shown(result)) <= set(shown(found))
    assert (result.null_frac, result.avg_width, result.n_distinct) == (
        found.null_frac,
        found.avg_width,
        found.n_distinct,
    )
    assert len(result.most_common_vals or []) == len(result.most_common_freqs or [])
    before = dict(zip(found.most_common_vals or [], found.most_common_freqs or [], strict=True))
    for value, share in zip(result.most_common_vals or [], result.most_common_freqs or [], strict=True):
        assert before.get(value, share) == share
    if len(shown(result)) < len(shown(found)):
        assert result.withheld is not None


@given(names, st.sampled_from(TYPES), any_statistics())
def test_no_values_and_deny_let_nothing_out(name: str, kind: ValueType, found: ColumnStatistics) -> None:
    assert shown(redact(Policy(values=False, keep=("*.*",)), subject(name, kind), found)) == []
    assert shown(redact(Policy(keep=("*.*",), deny=(f"ORDERS.{name.upper()}",)), subject(name, kind), found)) == []


@given(st.floats(-1, 1e5), any_statistics())
def test_text_lets_out_only_what_twenty_rows_share(rows: float, found: ColumnStatistics) -> None:
    result = redact(Policy(), subject(rows=rows), found)
    assert result.histogram_bounds is None
    assert result.most_common_elems is None
    for share in result.most_common_freqs or []:
        assert share * rows >= ENOUGH_ROWS


@given(st.sampled_from([kind for kind in TYPES if not kind.harmless and not kind.text]), any_statistics())
def test_documents_lists_and_addresses_let_nothing_out(kind: ValueType, found: ColumnStatistics) -> None:
    assert shown(redact(Policy(), subject("x", kind), found)) == []


@given(any_statistics())
def test_a_kept_column_is_left_as_it_is(found: ColumnStatistics) -> None:
    assert redact(Policy(keep=("orders.email",)), subject("email"), found) == found


@pytest.mark.parametrize(
    "name",
    ["email", "e_mail", "userEmail", "EMAIL_ADDRESS", "contact_phone", "phoneNumber", "first_name", "lastName", "name",
     "user_name", "c_name", "c_phone", "c_address", "street1", "zip", "birthDate", "date_of_birth", "ip", "client_ip",
     "ip_address", "remoteAddr", "iban", "vorname", "telefon", "apellido", "passport_no", "ssn", "homephone",
     "customeremail", "Nachname", "full name"],
)  # fmt: skip
def test_personal_names_are_known_in_many_spellings(name: str) -> None:
    assert named(name) == "personal"


@pytest.mark.parametrize(
    "name",
    ["password", "passwd", "pwd", "userPassword", "pw_hash", "api_key", "apiKey", "APIKEY", "key", "secret",
     "client_secret", "token", "access_token", "refreshToken", "session_id", "sessionid", "hash", "salt", "otp", "jwt",
     "private_key", "passwort", "senha"],
)  # fmt: skip
def test_secret_names_are_known_in_many_spellings(name: str) -> None:
    assert named(name) == "secret"


@pytest.mark.parametrize("name", ["status", "city", "currency", "kind", "o_orderpriority", "l_shipmode", "p_brand", "email_type",
                                  "carrier", "origin", "dest", "priority", "description", "sku", "category"])  # fmt: skip
def test_plain_names_are_left_alone(name: str) -> None:
    assert named(name) is None


@pytest.mark.parametrize("name", ["ssn", "phone", "phone_number", "mobile", "birth_year", "dob", "birthDate", "card_number", "cvv", "pin", "tax_id"])  # fmt: skip
def test_numbers_of_persons_are_known_by_name(name: str) -> None:
    assert named_number(name) is not None


@pytest.mark.parametrize(
    "name",
    ["id", "order_key", "l_orderkey", "hash", "address_id", "phone_id", "email_count", "token_count", "created_at",
     "phone_verified_at", "password_changed_at", "key", "amount", "customer_id"],
)  # fmt: skip
def test_keys_and_counts_are_no_numbers_of_persons(name: str) -> None:
    assert named_number(name) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("zaphod@heartofgold.example", "personal"),
        ("write to zaphod@heartofgold.example", "personal"),
        ("+44 7700 900461", "personal"),
        ("(0171) 555-38291", "personal"),
        ("25-989-741-2988", "personal"),
        ("078-05-1120", "personal"),
        ("4111 1111 1111 1111", "personal"),
        ("DE89 3704 0044 0532 0130 00", "personal"),
        ("203.0.113.77", "personal"),
        ("2001:db8::1", "personal"),
        ("6f9619ff-8b86-d011-b42d-00c04fc964ff", "secret"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6YXBob2QifQ.c2lnbmF0dXJl", "secret"),
        ("AKIAIOSFODNN7EXAMPLE", "secret"),
        ("d41d8cd98f00b204e9800998ecf8427e", "secret"),
        ("$2b$12$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", "secret"),
        ("postgres://u:hunter22@h/d", "secret"),
        ("Bearer abcdefghijklmnop1234", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secret"),
        ("a8Kd93LmQ0zXv72PpR5t", "secret"),
    ],
)
def test_content_that_is_a_secret_or_a_person_is_recognised(value: str, expected: str) -> None:
    assert looks(value) == expected


@pytest.mark.parametrize(
    "value",
    ["open", "PAID", "New York", "1-URGENT", "DELIVER IN PERSON", "Clerk#000000951", "2024-01-31", "2024-01-31 10:20:30", "12:30",
     "12:30:00", "1.2.3", "10", "100000", "N/A", "SM CASE", "EWR", "https://example.com/path", "4111111111111112", "", " "],
)  # fmt: skip
def test_plain_content_is_left_alone(value: str) -> None:
    assert looks(value) is None


def test_one_common_value_that_is_an_e_mail_withholds_the_column() -> None:
    found = redact(Policy(), subject("reference"), statistics(["open", "a@b.example"], [0.5, 0.1]))
    assert found.most_common_vals is None
    assert found.withheld == "personal"


def test_numbers_are_withheld_where_most_are_card_numbers_and_not_for_one() -> None:
    cards = ["4111111111111111", "5555555555554444", "4012888888881881"]
    assert redact(Policy(), subject("x", NUMBER), statistics([], [], cards)).withheld == "personal"
    ids = [*map(str, range(4000000000000000, 4000000000000090, 10)), cards[0]]
    assert redact(Policy(), subject("x", NUMBER), statistics([], [], ids)).histogram_bounds == ids


def test_the_same_shares_of_a_larger_table_leave() -> None:
    found = statistics(["open", "rare"], [0.5, 0.001])
    assert redact(Policy(), subject(rows=19_000), found).most_common_vals == ["open"]
    assert redact(Policy(), subject(rows=20_000), found).most_common_vals == ["open", "rare"]
    assert redact(Policy(), subject(rows=-1), found).most_common_vals is None


def test_categories_leave_as_common_values_and_names_do_not() -> None:
    found = replace(statistics(["sent"], [0.1], ["a", "b", "b", "c", "d"]), n_distinct=10)
    shown = redact(Policy(), subject(rows=100_000), found)
    assert shown.histogram_bounds is None
    assert shown.most_common_vals == ["sent", "b", "c"], "the ends of a histogram stay behind"
    assert shown.most_common_freqs == [0.1] * 3
    assert redact(Policy(), subject(rows=9_000), found).most_common_vals == ["sent"], "too few rows of each"
    many = replace(found, n_distinct=-0.5)
    assert redact(Policy(), subject(rows=100_000), many).most_common_vals == ["sent"], "more of them as the table grows"


def test_ends_of_text_and_of_personal_columns_stay() -> None:
    assert ends_may_leave(Policy(), subject("id", NUMBER))
    assert not ends_may_leave(Policy(), subject("status", TEXT))
    assert not ends_may_leave(Policy(), subject("ssn", NUMBER))
    assert not ends_may_leave(Policy(values=False), subject("id", NUMBER))
    assert not ends_may_leave(Policy(deny=("orders.id",)), subject("id", NUMBER))
    assert ends_may_leave(Policy(keep=("orders.status",)), subject("status", TEXT))


def test_a_pattern_that_matches_nothing_is_refused_with_the_nearest_column() -> None:
    columns = [("public", "users", "email"), ("public", "orders", "status")]
    Policy(keep=("users.e*",), deny=("public.orders.status", "*.status")).check(columns)
    with pytest.raises(UsageError) as wrong:
        Policy(deny=("users.emial",)).check(columns)
    assert str(wrong.value) == (
        "--deny users.emial: production has no such column (did you mean 'users.email'?).\n"
        'To fix: write --deny table.column; * stands for anything, as in --deny "users.*"'
    )


def test_secrets_in_sql_are_replaced_and_the_rest_stays() -> None:
    text = "SELECT dblink('host=h password=hunter22 dbname=d'), 'postgres://u:hunter22@h/d'"
    assert without_secrets(text) == (
        "SELECT dblink('host=h password=*** dbname=d'), 'postgres://u:***@h/d'",
        {"password", "password in a URL"},
    )


@pytest.mark.parametrize(
    "text",
    ["password text NOT NULL", "CHECK (length(password) > 8)", "password = crypt('x', salt)", "WHERE token = $1",
     "UPDATE u SET password = NEW.password", "secret = ''", "api_key := NULL", "password = p_password;"],
)  # fmt: skip
def test_plain_sql_about_passwords_is_left_alone(text: str) -> None:
    assert without_secrets(text) == (text, set())
