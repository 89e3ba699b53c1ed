"""Reviews; a customer's number of them is kept in `points`."""

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
        app_label = "reviews"


class Review(models.Model):
    product_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    stars = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "reviews"
        app_label = "reviews"


@transaction.atomic
def review(customer_id, product_id, stars):
    Review.objects.create(customer_id=customer_id, product_id=product_id, stars=stars)
    Customer.objects.filter(pk=customer_id).update(points=F("points") + 1)
