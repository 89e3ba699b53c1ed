"""Cancelling orders."""

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

from django.db import connection, models, transaction
from django.db.models import F


class Customer(models.Model):
    points = models.IntegerField()

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "cancelling"


class Order(models.Model):
    customer_id = models.BigIntegerField()
    status = models.TextField()

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "cancelling"


def cancel(order_id):
    """Cancel a pending order; its customer gets ten points for the trouble. False if it was not pending."""
    order = Order.objects.get(pk=order_id)
    if order.status != "pending":
        return False
    with transaction.atomic():
        if not Order.objects.filter(pk=order_id, status="pending").update(status="cancelled"):
            return False
        Customer.objects.filter(pk=order.customer_id).update(points=F("points") + 10)
    return True
