"""At most two addresses for each customer."""

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


class Customer(models.Model):
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "addresses"


class Address(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    street = models.TextField()
    city = models.TextField()
    postcode = models.TextField()
    country = models.TextField()

    class Meta:
        managed = False
        db_table = "addresses"
        app_label = "addresses"


class TooMany(Exception):
    pass


def add_address(customer_id, street):
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer_id)
        if Address.objects.filter(customer=customer).count() >= 2:
            raise TooMany(customer_id)
        Address.objects.create(customer=customer, street=street, city="Bonn", postcode="53111", country="DE")
