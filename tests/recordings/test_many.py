"""Many threads, many requests, and requests that nobody thought of."""

from __future__ import annotations

import string
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_prodparity.recordings.clock import Clock
from pytest_prodparity.recordings.credentials import fresh
from pytest_prodparity.recordings.exchange import Exchange, Request, Response, Verdict
from pytest_prodparity.recordings.ledger import Ledger
from pytest_prodparity.recordings.parts import take_apart
from tests.recordings.tape import API, accused, ask, body, replay, tape, tell

KEY = "k3y_5Tg8Yh2Uj4Rf6"


def test_sixteen_threads_get_each_recorded_answer_once() -> None:
    recorded = [(ask("GET", "/a", bearer=KEY), tell(number)) for number in range(100)]
    ledger = Ledger(tape(*recorded), clock=Clock(None))
    ready = threading.Barrier(16, timeout=20)

    def work(count: int) -> list[int]:
        ready.wait()
        return [body(ledger.ask(ask("GET", "/a", bearer=KEY))) for _ in range(count)]

    with ThreadPoolExecutor(16) as pool:
        shares = [6] * 12 + [7] * 4
        found = [one for part in pool.map(work, shares) for one in part]
    assert sorted(found) == list(range(100))
    assert ledger.unplayed == ()


def test_a_login_through_pages_can_be_done_again() -> None:
    """As an OpenID provider does it: the code comes at the end of a chain of redirects, cookies and a form."""
    one = "https://op.example"
    start = f"{one}/auth?" + urlencode(
        {
            "response_type": "code",
            "client_id": "web",
            "redirect_uri": "http://127.0.0.1:8000/cb",
            "state": "recorded-state-1",
            "scope": "openid",
        }
    )
    jar = "_interaction=ui_1a2B3c4D5e6F; _session=se_1a2B3c4D5e6F"
    cookies = [
        ("Set-Cookie", "_interaction=ui_1a2B3c4D5e6F; path=/; httponly"),
        ("Set-Cookie", "_session=se_1a2B3c4D5e6F; path=/; httponly"),
    ]
    form = {"login": "ann", "password": "hunter2horse"}
    pairs: list[tuple[Request, Response]] = [
        (ask("GET", start), tell(status=303, headers=[("Location", "/interaction/uid1"), *cookies])),
        (ask("GET", f"{one}/interaction/uid1", cookie=jar), tell(page="<form></form>")),
        (ask("POST", f"{one}/interaction/uid1/login", form=form, cookie=jar), tell(status=303, headers=[("Location", f"{one}/auth/uid1")])),
        (ask("GET", f"{one}/auth/uid1", cookie=jar), tell(status=303, headers=[("Location", "http://127.0.0.1:8000/cb?code=cd_1a2B3c4D5e6F7g&state=recorded-state-1")])),
        (ask("POST", f"{one}/token", form={"grant_type": "authorization_code", "code": "cd_1a2B3c4D5e6F7g", "redirect_uri": "http://127.0.0.1:8000/cb"}, basic="web:s3cret_of_web"), tell({"access_token": "at_1a2B3c4D5e6F", "expires_in": 60})),
    ]  # fmt: skip
    ledger = replay(*pairs)
    for number in range(2):
        held: dict[str, str] = {}

        def go(request: Request, held: dict[str, str] = held) -> Response:
            fields = tuple(f for f in request.headers if f[0] != "Cookie") + (
                (("Cookie", "; ".join(f"{n}={v}" for n, v in held.items())),) if held else ()
            )
            ruling = ledger.ask(Request(method=request.method, url=request.url, headers=fields, body=request.body))
            assert ruling.verdict is Verdict.ACCEPT, ruling.why
            assert ruling.response is not None
            for name, value in ruling.response.headers:
                if name == "Set-Cookie":
                    key, _, value = value.split(";")[0].partition("=")
                    held[key] = value
            return ruling.response

        go(ask("GET", start.replace("recorded-state-1", f"own-state-{number}")))
        if number == 0:
            go(pairs[1][0])
        go(pairs[2][0])
        back = dict(go(pairs[3][0]).headers)["Location"]
        assert back.endswith(f"state=own-state-{number}")
        code = back.partition("code=")[2].partition("&")[0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:8000/cb"}
        go(ask("POST", f"{one}/token", form=form, basic="web:s3cret_of_web"))
    assert accused(ledger) == []


TEXT = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXT, TEXT, max_size=5), JSON, st.randoms())
def test_the_order_of_fields_does_not_matter(query: dict[str, str], content: object, chance: object) -> None:
    turned = dict(reversed(query.items()))
    ledger = replay((ask("POST", "/a?" + urlencode(query), data={"x": content, "y": 1}, bearer=KEY), tell(1)))
    ruling = ledger.ask(ask("POST", "/a?" + urlencode(turned), data={"y": 1.0, "x": content}, bearer=KEY))
    assert ruling.verdict is Verdict.ACCEPT, ruling.why


KINDS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "text/html",
    "text/xml",
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=60),
    st.lists(st.tuples(TEXT, st.text(max_size=30)), max_size=4),
    st.text(max_size=20),
    st.sampled_from(KINDS),
    st.sampled_from(["", "gzip", "deflate", "br"]),
)
def test_no_bytes_break_the_reading(
    content: bytes, headers: list[tuple[str, str]], path: str, kind: str, coding: str
) -> None:
    fields = (("Content-Type", kind), ("Content-Encoding", coding), ("Authorization", "Basic \xff"), *headers)
    request = Request(method="POST", url=f"{API}/{path}", headers=fields, body=content)
    more = (("Set-Cookie", path), ("Location", f"/{path}?code={path}"))
    response = Response(status=200, headers=(*fields, *more), body=content)
    ledger = Ledger([Exchange(number=0, request=request, response=response)], clock=Clock(None))
    ruling = ledger.ask(request)
    assert ruling.response is not None
    assert ruling.response.body == content


@given(st.text(string.ascii_letters + string.digits + "-_./+=", min_size=8, max_size=60), st.integers(1, 9))
def test_a_fresh_value_has_the_shape_of_the_old_one(value: str, number: int) -> None:
    made = fresh(value, number)
    assert len(made) == len(value)
    assert made == fresh(value, number)
    assert all(a == b or (a.isalnum() and b.isalnum()) for a, b in zip(value, made, strict=True))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["good", "none", "bad", "renew", "later"]), max_size=12))
def test_whatever_happened_before_only_a_good_token_is_let_in(steps: list[str]) -> None:
    call = ask("POST", "/token", form={"grant_type": "client_credentials"}, basic="shop:s3cret_of_shop")
    issued = tell({"access_token": "at_1a2B3c4D5e6F7g8H", "expires_in": 100})
    ledger = replay((call, issued), *[(ask("GET", "/a", bearer="at_1a2B3c4D5e6F7g8H"), tell(1))] * 2)
    token, good = "at_not_issued_000000", False
    for step in steps:
        if step == "renew":
            token, good = body(ledger.ask(call))["access_token"], True
        elif step == "later":
            ledger.clock.advance(101)
            good = False
        else:
            bearer = {"good": token, "none": "", "bad": token[:-1]}[step]
            ruling = ledger.ask(ask("GET", "/a", bearer=bearer))
            assert ruling.verdict is (Verdict.ACCEPT if step == "good" and good else Verdict.REFUSE), ruling.why


def test_a_url_is_the_same_however_it_is_written() -> None:
    one, other = (take_apart(Request(method="get", url=url)) for url in ("https://a.b:443/%7Ex", "HTTPS://A.B/~x"))
    assert (one.origin, one.path, one.method) == (other.origin, other.path, "GET")
