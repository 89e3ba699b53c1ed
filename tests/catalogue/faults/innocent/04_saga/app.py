"""Hands orders over to the carrier.

The order is claimed first, so that two workers never announce it twice. If the carrier fails, or it is not known
whether it did, the parcel is withdrawn (which may be repeated) and the claim is given back.
"""

from __future__ import annotations

import logging
import time

import psycopg
import requests

log = logging.getLogger(__name__)


class NotReady(Exception):
    pass


def _set_status(dsn: str, order_id: int, before: str, after: str) -> bool:
    with psycopg.connect(dsn, connect_timeout=2) as conn:
        return (
            conn.execute(
                "UPDATE orders SET status = %s WHERE id = %s AND status = %s", (after, order_id, before)
            ).rowcount
            == 1
        )


def _compensate(dsn: str, carrier: str, order_id: int) -> None:
    try:
        requests.delete(f"{carrier}/parcels/{order_id}", timeout=1)
    except requests.RequestException:
        log.warning("parcel %s is withdrawn by the nightly comparison", order_id)
    for pause in (0.1, 0.3, None):
        try:
            _set_status(dsn, order_id, "announced", "paid")
            return
        except psycopg.OperationalError:
            if pause is None:
                raise
            time.sleep(pause)


def hand_over(dsn: str, carrier: str, order_id: int, weight: int) -> None:
    try:
        if not _set_status(dsn, order_id, "paid", "announced"):
            raise NotReady(order_id)
        response = requests.put(f"{carrier}/parcels/{order_id}", json={"weight": weight}, timeout=1)
        response.raise_for_status()
    except (psycopg.Error, requests.RequestException):
        _compensate(dsn, carrier, order_id)
        raise
