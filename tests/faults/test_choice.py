"""Each kind of fault comes first where it tells most, and only where it makes sense."""

from __future__ import annotations

from pytest_prodparity.core.findings import Source
from pytest_prodparity.faults.choice import PRODUCTION, STAGING, Target, asked_for, choose, replayed
from pytest_prodparity.faults.gates import Asked, Opener
from pytest_prodparity.faults.identity import Namer
from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.scenario import Replay, Shape

SOURCE = Source(path="shop/pay.py", line=3, function="pay")


def targets(*sent: tuple[str, str], protocol: str = "postgres") -> list[Target]:
    """Of statements, each with the state before it; `connect` opens."""
    namer, made = Namer(), []
    for sql, state in sent:
        opens = sql == "connect"
        asked = Asked(
            identity=namer.name(SOURCE, None if opens else [sql], protocol),
            statements=() if opens else (sql,),
            state=state,
            source=SOURCE,
            stack=("shop/pay.py:3 pay",),
            at=0.0,
            connection=1,
            opener=Opener(),
            protocol=protocol,
        )
        made.append(Target(asked))
    return made


ORDER = targets(
    ("connect", "I"),
    ("BEGIN", "I"),
    ("SELECT name FROM customers WHERE id = $1", "T"),
    ("INSERT INTO orders VALUES ($1)", "T"),
    ("COMMIT", "T"),
)


def kinds_at(what: str, *, ways: tuple[object, ...] = STAGING, among: list[Target] = ORDER) -> set[str]:
    """Which kinds strike the trip whose fingerprint begins so."""
    chosen = choose(among, ways, most=1000)  # type: ignore[arg-type]
    return {one.kind.name for one in chosen.scenarios if one.identity.what.startswith(what)}


def test_what_strikes_where() -> None:
    assert kinds_at("connect") == {"refuse", "starved"}
    assert kinds_at("begin") == {"failover"}
    assert kinds_at("commit") == {"reply-lost", "reset-peer", "40001", "terminated", "restart", "black-hole"}
    assert {"57014", "40P01", "55P03", "reset-peer"} <= kinds_at("insert")
    assert "reply-lost" not in kinds_at("insert")
    assert not kinds_at("select") & {"40001", "40P01", "reply-lost"}


def test_a_service_may_be_gone_for_good() -> None:
    shop = targets(("connect", ""), ("POST /charge", ""), protocol="http")
    assert kinds_at("connect", ways=PRODUCTION, among=shop) == {"refuse", "refuse-closed"}
    assert "refuse-closed" not in kinds_at("connect", ways=PRODUCTION)


def test_what_commits_by_itself_may_lose_its_reply() -> None:
    among = targets(("INSERT INTO orders VALUES ($1)", "I"), ("SELECT 1 FROM orders", "I"))
    assert "reply-lost" in kinds_at("insert", among=among)
    assert "reply-lost" not in kinds_at("select", among=among)


def test_what_a_driver_asks_for_itself_is_left_alone() -> None:
    among = targets(("select pg_catalog.version()", "I"), ("SET search_path = public", "I"), ("SHOW timezone", "I"))
    assert choose(among, PRODUCTION, most=1000).scenarios == ()


def test_a_request_has_faults_of_its_own() -> None:
    among = targets(("POST /charge", ""), ("GET /rates", ""), protocol="http")
    assert {"503", "500", "429", "html", "cut-body", "reply-lost"} <= kinds_at("POST", among=among)
    assert "reply-lost" not in kinds_at("GET", among=among)
    assert not kinds_at("POST", among=among) & {"40001", "terminated", "failover"}


def test_a_bound_cuts_off_the_least_telling_of_all_kinds() -> None:
    whole = choose(ORDER, STAGING, most=1000)
    part = choose(ORDER, STAGING, most=12)
    assert len(part.scenarios) == 12
    assert part.left_out == len(whole.scenarios) - 12
    assert {one.kind.name for one in part.scenarios} == {way.kind.name for way in STAGING} & {
        one.kind.name for one in whole.scenarios
    }


def test_what_waits_comes_last() -> None:
    chosen = choose(ORDER, STAGING, most=1000)
    waits = [one.token in chosen.holds for one in chosen.scenarios]
    assert waits == sorted(waits)
    assert set(chosen.holds.values()) == {"postgres"}


def test_a_connection_that_others_need_is_not_ended() -> None:
    kept = [Target(target.asked, may_break=False, may_hang=False) for target in ORDER]
    assert {one.kind.name for one in choose(kept, STAGING, most=1000, alone=False).scenarios} == {
        "40001",
        "57014",
        "40P01",
        "55P03",
    }


def test_a_token_finds_its_scenario_again() -> None:
    (wanted,) = (one for one in choose(ORDER, STAGING, most=1000).scenarios if one.token.endswith(":reply-lost"))
    (again,) = replayed(ORDER, Replay.parse(wanted.token)).scenarios
    assert again == wanted
    assert replayed(ORDER, Replay.parse("ffffff:reply-lost")).scenarios == ()
    lasting = Replay.parse(f"{wanted.identity.token}:reset-peer:persistent")
    assert replayed(ORDER, lasting).scenarios[0].shape is Shape.PERSISTENT


def test_faults_that_a_marker_names_go_wherever_they_can() -> None:
    chosen = choose(ORDER, asked_for([ResetPeer(), BlackHole()]), most=1000)
    assert [one.kind.name for one in chosen.scenarios] == ["reset-peer"] * 3 + ["black-hole"] * 3
