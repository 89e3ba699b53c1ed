"""Ships an order: gets a label from the carrier and marks the order."""

import json
import os
from urllib.request import Request, urlopen

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

if not settings.configured:
    info = conninfo_to_dict(os.environ.get("DATABASE_DSN", "postgresql:///shop"))
    settings.configure(
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": info.get("dbname", ""),
                "OPTIONS": {k: v for k, v in info.items() if k in ("user", "password", "host", "port")},
            }
        },
    )
    django.setup()

from django.db import models, transaction
from django.utils import timezone


class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=24)
    status = models.TextField()
    notes = models.TextField(null=True)
    shipped_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "shipping"


class NotPaid(Exception):
    pass


def order_label(carrier_url: str, number: str) -> str:
    request = Request(carrier_url, json.dumps({"reference": number}).encode())
    with urlopen(request, timeout=10) as response:
        return json.load(response)["tracking"]


def ship(carrier_url: str, order_id: int) -> str:
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)  # <- here
        if order.status != "paid":
            raise NotPaid(order.number)
        tracking = order_label(carrier_url, order.number)
        order.status = "shipped"
        order.shipped_at = timezone.now()
        order.notes = f"tracking {tracking}"
        order.save(update_fields=["status", "shipped_at", "notes"])
    return tracking
