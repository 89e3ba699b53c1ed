"""The page says what clients see, as measured now; rows that wait for seconds are left to the script."""

from __future__ import annotations

import pytest
from tools.clients_see_http import CLIENTS, KINDS, PAGE, proxies, seen

QUICK = [name for name in KINDS if "2 s" not in name]


def written() -> dict[tuple[str, str], str]:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if " | " in line]
    clients = rows[0][1:]
    return {(row[0], client): cell for row in rows[2:] for client, cell in zip(clients, row[1:], strict=True)}


def plain_of_time(cell: str) -> str:
    """A busy machine takes longer."""
    return cell.partition(", after ")[0]


def test_the_page_is_what_is_measured() -> None:
    page = written()
    with proxies() as (plain, secure, ca):
        for name in QUICK:
            kind, method = KINDS[name]
            relay = secure if name == "expired certificate" else plain
            for client, call in CLIENTS.items():
                found = plain_of_time(seen(call, relay, kind, method, ca))
                assert (name, client, found) == (name, client, page[name, client])


@pytest.mark.parametrize(("client", "patient"), [("requests", True), ("aiohttp", False)])
def test_a_timeout_is_per_read_or_in_all(client: str, patient: bool) -> None:
    with proxies() as (plain, _, ca):
        kind, method = KINDS["dribbled body, 2 s"]
        found = seen(CLIENTS[client], plain, kind, method, ca)
    assert plain_of_time(found) == plain_of_time(written()["dribbled body, 2 s", client])
    assert found.startswith("200, whole body") == patient
