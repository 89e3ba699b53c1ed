"""Gift cards: orders of kind `gift` whose value becomes points of another customer."""

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

import functools
import time

from django.db import InterfaceError, OperationalError, close_old_connections, models, transaction
from django.db.models import F


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    email = models.TextField()
    points = models.IntegerField(default=0)

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "gifts"


class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.TextField()
    status = models.TextField()
    total = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "gifts"


def retry_on_db_errors(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        for delay in (0.05, 0.2, None):
            try:
                return function(*args, **kwargs)
            except (OperationalError, InterfaceError):
                if delay is None:
                    raise
                close_old_connections()
                time.sleep(delay)

    return wrapper


@retry_on_db_errors
def redeem(order_id: int, customer_id: int) -> None:
    """Turn a gift card into points. Redeeming it again changes nothing."""
    order = Order.objects.get(pk=order_id)
    if order.status == "redeemed":
        return
    with transaction.atomic():
        Customer.objects.filter(pk=customer_id).update(points=F("points") + int(order.total))
    Order.objects.filter(pk=order_id).update(status="redeemed")
