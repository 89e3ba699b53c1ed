"""Refunds, paid as points."""

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
        app_label = "refunds"


class Payment(models.Model):
    order_id = models.BigIntegerField()
    status = models.TextField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        managed = False
        db_table = "payments"
        app_label = "refunds"


class AlreadyRefunded(Exception):
    pass


def refund(payment_id, customer_id):
    """Give a payment back as points, once."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if payment.status == "refunded":
            raise AlreadyRefunded(payment_id)
        payment.status = "refunded"
        payment.save(update_fields=["status"])
        Customer.objects.filter(pk=customer_id).update(points=F("points") + int(payment.amount))
