"""OAuth 2 tokens: issued, used, expired, refreshed, rotated, used again."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.recordings.exchange import Request, Response, Verdict
from tests.recordings.tape import accused, ask, body, replay, tell

CLIENT, SECRET = "shop", "sec_4f9aK2mQ8xLr7TzW"
AT1, AT2 = "at_1a2B3c4D5e6F7g8H9i0J", "at_9z8Y7x6W5v4U3t2S1r0Q"
RT1, RT2 = "rt_1a2B3c4D5e6F7g8H9i0J", "rt_9z8Y7x6W5v4U3t2S1r0Q"
Pair = tuple[Request, Response]


def token_call(**more: str) -> Request:
    return ask("POST", "/token", form={"grant_type": "client_credentials", **more}, basic=f"{CLIENT}:{SECRET}")


def refresh(token: str) -> Request:
    return ask(
        "POST", "/token", form={"grant_type": "refresh_token", "refresh_token": token}, basic=f"{CLIENT}:{SECRET}"
    )


def issued(access: str, refresh_token: str = "", **more: object) -> Response:
    held = {"access_token": access, "token_type": "Bearer", "expires_in": 3600, **more}
    return tell({**held, "refresh_token": refresh_token} if refresh_token else held)


ONE_TOKEN: list[Pair] = [(token_call(), issued(AT1)), (ask("GET", "/orders", bearer=AT1), tell([1, 2]))]


def test_a_client_that_does_as_recorded_is_let_in() -> None:
    ledger = replay(*ONE_TOKEN)
    token = body(ledger.ask(token_call()))["access_token"]
    ruling = ledger.ask(ask("GET", "/orders", bearer=token))
    assert (ruling.verdict, body(ruling), accused(ledger)) == (Verdict.ACCEPT, [1, 2], [])
    assert ledger.unplayed == ()


def test_a_request_without_its_token_is_refused_as_rfc_6750_says() -> None:
    ledger = replay(*ONE_TOKEN)
    ledger.ask(token_call())
    ruling = ledger.ask(ask("GET", "/orders"))
    assert ruling.verdict is Verdict.REFUSE
    assert ruling.made
    assert ruling.response is not None
    assert ruling.response.status == 401
    assert dict(ruling.response.headers)["WWW-Authenticate"] == 'Bearer realm="api"'
    assert accused(ledger) == ["auth-missing"]
    assert ledger.accusations[0].title == "GET /orders without Authorization: Bearer"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Authorization": f"Bearer {AT1}x"}, "with a value in Authorization: Bearer that nobody issued"),
        ({"Authorization": f"Token {AT1}"}, "recorded in Authorization: Bearer"),
        ({"Authorization": AT1}, "in Authorization without Bearer, recorded in Authorization: Bearer"),
        ({"X-Token": AT1}, "in header x-token, recorded in Authorization: Bearer"),
    ],
)
def test_a_mangled_token_is_refused(headers: dict[str, str], said: str) -> None:
    ledger = replay(*ONE_TOKEN)
    ledger.ask(token_call())
    ruling = ledger.ask(ask("GET", "/orders", headers=headers))
    assert ruling.verdict is Verdict.REFUSE
    assert said in ruling.why
    assert AT1 not in ruling.why
    assert accused(ledger) == ["auth-missing"]


def test_a_wrong_client_secret_is_an_invalid_client() -> None:
    ledger = replay(*ONE_TOKEN)
    request = ask("POST", "/token", form={"grant_type": "client_credentials"}, basic=f"{CLIENT}:wrong")
    ruling = ledger.ask(request)
    assert ruling.response is not None
    assert (ruling.verdict, ruling.response.status, body(ruling)["error"]) == (Verdict.REFUSE, 401, "invalid_client")


def test_a_client_secret_in_the_body_instead_of_basic_is_not_proven() -> None:
    ledger = replay(*ONE_TOKEN)
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    ruling = ledger.ask(ask("POST", "/token", form=form))
    assert (ruling.verdict, body(ruling)["access_token"], accused(ledger)) == (Verdict.NOT_COVERED, AT1, [])


def test_a_token_past_its_lifetime_is_refused_until_the_client_gets_another() -> None:
    ledger = replay(*ONE_TOKEN)
    ledger.ask(token_call())
    ledger.clock.advance(3601)
    assert ledger.ask(ask("GET", "/orders", bearer=AT1)).verdict is Verdict.REFUSE
    assert accused(ledger) == ["auth-expired"]
    assert ledger.accusations[0].evidence["knowable"] == "only from the refusal"
    another = body(ledger.ask(token_call()))["access_token"]
    assert another != AT1
    assert ledger.ask(ask("GET", "/orders", bearer=another)).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_client_whose_own_clock_passed_the_lifetime_could_know(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    ledger = replay(*ONE_TOKEN)
    ledger.ask(token_call())
    now += 3601
    assert ledger.ask(ask("GET", "/orders", bearer=AT1)).verdict is Verdict.REFUSE
    assert ledger.accusations[0].evidence["knowable"] == "the code was told 3600 s, and its own clock has passed them"


def test_the_test_may_end_a_lifetime_by_hand() -> None:
    ledger = replay(*ONE_TOKEN)
    ledger.ask(token_call())
    ledger.expire()
    assert ledger.ask(ask("GET", "/orders", bearer=AT1)).verdict is Verdict.REFUSE
    with pytest.raises(UsageError, match="There is no credential 'acces'"):
        ledger.expire("acces")


ROTATION: list[Pair] = [
    (
        ask("POST", "/token", form={"grant_type": "password", "username": "ann", "password": "hunter2horse"}),
        issued(AT1, RT1),
    ),
    (ask("GET", "/a", bearer=AT1), tell(1)),
    (refresh(RT1), issued(AT2, RT2)),
    (ask("GET", "/b", bearer=AT2), tell(2)),
]


def test_a_refresh_token_that_was_rotated_ends_its_family_when_it_is_used_again() -> None:
    ledger = replay(*ROTATION)
    ledger.ask(ROTATION[0][0])
    assert body(ledger.ask(refresh(RT1)))["refresh_token"] == RT2
    ruling = ledger.ask(refresh(RT1))
    assert (ruling.verdict, body(ruling)["error"]) == (Verdict.REFUSE, "invalid_grant")
    assert accused(ledger) == ["auth-reused"]
    assert ledger.ask(ask("GET", "/b", bearer=AT2)).verdict is Verdict.REFUSE


def test_a_chain_of_refreshes_goes_on_beyond_the_recording() -> None:
    ledger = replay(*ROTATION)
    ledger.ask(ROTATION[0][0])
    token, seen = RT1, set()
    for _ in range(5):
        answer = body(ledger.ask(refresh(token)))
        token = answer["refresh_token"]
        seen.add(token)
    assert len(seen) == 5
    assert ledger.ask(ask("GET", "/b", bearer=answer["access_token"])).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_refresh_that_was_never_recorded_is_made_and_said_to_be() -> None:
    ledger = replay(*ROTATION[:2])
    ledger.ask(ROTATION[0][0])
    ledger.expire()
    assert ledger.ask(ask("GET", "/a", bearer=AT1)).verdict is Verdict.REFUSE
    ruling = ledger.ask(refresh(RT1))
    assert (ruling.verdict, ruling.made) == (Verdict.ACCEPT, True)
    assert ledger.ask(ask("GET", "/a", bearer=body(ruling)["access_token"])).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


DANCE: list[Pair] = [
    (token_call(), issued(AT1)),
    (ask("GET", "/a", bearer=AT1), tell({"error": "invalid_token"}, status=401)),
    (token_call(), issued(AT2)),
    (ask("GET", "/a", bearer=AT2), tell("ok")),
]


def test_a_recorded_refusal_is_played_and_the_recovery_is_not_accused() -> None:
    ledger = replay(*DANCE)
    assert [ledger.ask(request).verdict for request, _ in DANCE] == [
        Verdict.ACCEPT, Verdict.REFUSE, Verdict.ACCEPT, Verdict.ACCEPT,
    ]  # fmt: skip
    assert accused(ledger) == []


def test_who_stops_at_a_recorded_refusal_is_accused() -> None:
    ledger = replay(*DANCE)
    for request, _ in DANCE[:2]:
        ledger.ask(request)
    assert accused(ledger) == ["auth-expired"]


def test_a_client_that_renews_in_time_leaves_out_the_recorded_refusal() -> None:
    ledger = replay(*DANCE)
    ledger.ask(token_call())
    ledger.ask(token_call())
    assert ledger.ask(ask("GET", "/a", bearer=AT2)).verdict is Verdict.ACCEPT
    assert (accused(ledger), ledger.unplayed) == ([], ())


def test_a_refusal_that_the_recording_expects_is_not_accused() -> None:
    ledger = replay((ask("GET", "/a"), tell({"error": "who?"}, status=401)))
    ruling = ledger.ask(ask("GET", "/a"))
    assert (ruling.verdict, ruling.made, accused(ledger)) == (Verdict.REFUSE, False, [])


SCOPED: list[Pair] = [
    (token_call(scope="orders:read orders:write"), issued(AT1, scope="orders:read orders:write")),
    (ask("POST", "/orders", bearer=AT1, data={"sku": 7}), tell({"id": 1}, status=201)),
    (ask("GET", "/orders", bearer=AT1), tell([])),
]


def test_a_token_asked_for_with_less_scope_is_refused_where_more_was_proven() -> None:
    ledger = replay(*SCOPED)
    answer = body(ledger.ask(token_call(scope="orders:read")))
    ruling = ledger.ask(ask("POST", "/orders", bearer=answer["access_token"], data={"sku": 7}))
    assert ruling.response is not None
    assert (ruling.verdict, ruling.response.status) == (Verdict.REFUSE, 403)
    assert 'error="insufficient_scope"' in dict(ruling.response.headers)["WWW-Authenticate"]
    assert accused(ledger) == ["auth-scope"]


def test_reading_with_the_scope_to_read_is_not_accused() -> None:
    ledger = replay(*SCOPED)
    answer = body(ledger.ask(token_call(scope="orders:read")))
    ruling = ledger.ask(ask("GET", "/orders", bearer=answer["access_token"]))
    assert (ruling.verdict, accused(ledger)) == (Verdict.NOT_COVERED, [])
    assert body(ruling) == []


def test_a_refresh_token_is_no_access_token() -> None:
    ledger = replay(*ROTATION)
    ledger.ask(ROTATION[0][0])
    ruling = ledger.ask(ask("GET", "/a", bearer=RT1))
    assert ruling.verdict is Verdict.REFUSE
    assert "refresh_token where access_token belongs" in ruling.why


def test_credentials_say_where_they_come_from_and_go_to() -> None:
    ledger = replay(*ONE_TOKEN, environment={"SHOP_SECRET": SECRET})
    ledger.ask(token_call())
    shown = [(one.name, one.issued_by, one.given_by, one.used_by) for one in ledger.credentials]
    assert shown == [("SHOP_SECRET", None, "SHOP_SECRET", (0,)), ("access_token", 0, "", (1,))]


def test_a_refresh_may_ask_for_what_was_granted_and_no_more() -> None:
    start = ask("GET", "/auth?response_type=code&client_id=shop&scope=openid+a&state=s1&redirect_uri=https://x/cb")
    code = ask(
        "POST",
        "/token",
        form={"grant_type": "authorization_code", "code": "cd_1a2B3c4D5e6F"},
        basic=f"{CLIENT}:{SECRET}",
    )
    ledger = replay(
        (start, Response(status=302, headers=(("Location", "https://x/cb?code=cd_1a2B3c4D5e6F&state=s1"),))),
        (code, issued(AT1, RT1, scope="a")),
        (refresh(RT1), issued(AT2, RT2, scope="a")),
    )
    ledger.ask(start)
    ledger.ask(code)

    def again(token: str, scope: str) -> Request:
        form = {"grant_type": "refresh_token", "refresh_token": token, "scope": scope}
        return ask("POST", "/token", form=form, basic=f"{CLIENT}:{SECRET}")

    token = body(ledger.ask(again(RT1, "openid a")))["refresh_token"]
    ruling = ledger.ask(again(token, "openid a b"))
    assert (body(ruling)["error"], accused(ledger)) == ("invalid_scope", ["auth-scope"])


def test_a_token_for_another_audience_is_refused_where_it_was_never_recorded() -> None:
    ledger = replay(*SCOPED)
    answer = body(ledger.ask(token_call(scope="orders:read orders:write", resource="urn:other")))
    assert ledger.ask(ask("GET", "/orders", bearer=answer["access_token"])).verdict is Verdict.REFUSE
    assert accused(ledger) == ["auth-scope"]


def test_a_token_request_is_a_form() -> None:
    ledger = replay(*ONE_TOKEN)
    ruling = ledger.ask(ask("POST", "/token", data={"grant_type": "client_credentials"}, basic=f"{CLIENT}:{SECRET}"))
    assert body(ruling)["error"] == "invalid_request"
