"""Shipping costs depend on the one row of site settings."""

import os
from decimal import Decimal

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

from django.db import models


class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=24)
    total = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "checkout"


def shipping_costs(order_ids: list[int], price: Decimal = Decimal("4.90")) -> dict[str, Decimal]:
    """{order number: shipping costs}"""
    orders = Order.objects.raw(
        "SELECT o.id, o.number, o.total >= s.free_shipping_from AS free "
        "FROM orders o, site_settings s WHERE o.id = ANY(%s)",
        [order_ids],
    )
    return {order.number: Decimal(0) if order.free else price for order in orders}
