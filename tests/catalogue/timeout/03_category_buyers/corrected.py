"""Statistics page of the back office."""

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


class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    customer_id = models.BigIntegerField()
    placed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "stats"


class Product(models.Model):
    id = models.BigAutoField(primary_key=True)
    category_id = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "products"
        app_label = "stats"


class OrderItem(models.Model):
    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, models.PROTECT)
    product = models.ForeignKey(Product, models.PROTECT)

    class Meta:
        managed = False
        db_table = "order_items"
        app_label = "stats"


def buyers_by_category(since) -> dict[int, int]:
    """How many different customers bought from each category since then.

    Takes minutes: called by the nightly job that stores the figures, never by a request.
    """
    rows = (
        OrderItem.objects.filter(order__placed_at__gte=since, product__category_id__isnull=False)
        .values("product__category_id")
        .annotate(buyers=models.Count("order__customer_id", distinct=True))
        .values_list("product__category_id", "buyers")
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '30min'")
            cursor.execute("SET LOCAL work_mem = '512MB'")
        return dict(rows)
