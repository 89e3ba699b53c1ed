"""Unpaid orders of a tenant, for the dunning run."""

import os

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
    tenant_id = models.BigIntegerField()
    number = models.CharField(max_length=24)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    placed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "dunning"


def unpaid(tenant_id: int, since) -> list[str]:
    """Numbers of the tenant's orders since then whose invoice is not paid yet."""
    orders = Order.objects.filter(tenant_id=tenant_id, placed_at__gte=since).extra(
        tables=["invoices"],
        where=["invoices.paid_at IS NULL"],
    )
    return list(orders.order_by("number").values_list("number", flat=True).distinct())  # <- here
