"""Closing a ticket gives the customer points for the patience."""

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
    points = models.IntegerField()

    class Meta:
        managed = False
        db_table = "customers"
        app_label = "patience"


class Ticket(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    status = models.TextField()

    class Meta:
        managed = False
        db_table = "tickets"
        app_label = "patience"


@transaction.atomic
def close(ticket_id, points):
    """Close a ticket; its customer gets points, once."""
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    if ticket.status == "closed":
        return
    ticket.status = "closed"
    ticket.save(update_fields=["status"])
    customer = Customer.objects.get(pk=ticket.customer_id)
    customer.points += points
    customer.save(update_fields=["points"])
