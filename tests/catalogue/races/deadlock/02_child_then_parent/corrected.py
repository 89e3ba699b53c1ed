"""Replies to tickets; the priority counts them."""

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


class Ticket(models.Model):
    priority = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "tickets"
        app_label = "replies"


class Message(models.Model):
    ticket_id = models.BigIntegerField()
    author = models.TextField()
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "messages"
        app_label = "replies"


@transaction.atomic
def reply(ticket_id, author, body):
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    Message.objects.create(ticket_id=ticket_id, author=author, body=body)
    ticket.priority += 1
    ticket.save(update_fields=["priority"])
    return ticket.priority
