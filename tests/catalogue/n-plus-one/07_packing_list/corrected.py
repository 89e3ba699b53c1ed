"""Renders the packing list of a tenant's open orders."""

import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

TEMPLATES = {
    "packing.txt": """\
{% for order in orders %}{{ order.number }}: {{ order.customer.name }}, {{ order.customer.country }}
{% endfor %}"""
}

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
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)]},
            }
        ],
    )
    django.setup()

from django.db import models
from django.template import loader


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    country = models.CharField(max_length=2)

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "packing"


class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    tenant_id = models.BigIntegerField()
    customer = models.ForeignKey(Customer, models.PROTECT)
    number = models.CharField(max_length=24)
    status = models.TextField()
    placed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "orders"
        app_label = "packing"


def orders_to_pack(tenant_id: int, since):
    orders = Order.objects.select_related("customer")
    return orders.filter(tenant_id=tenant_id, placed_at__gte=since, status="paid").order_by("placed_at")


def packing_list(tenant_id: int, since) -> str:
    template = loader.get_template("packing.txt")
    return template.render({"orders": orders_to_pack(tenant_id, since)})
