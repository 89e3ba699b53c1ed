"""Changes the priority of several tickets at once."""

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
    status = models.TextField()

    class Meta:
        managed = False
        db_table = "tickets"
        app_label = "bulk"


def change(ticket_ids, by):
    """Returns the new priorities, in the order of the tickets' numbers."""
    priorities = {}
    with transaction.atomic():
        for pk in sorted(ticket_ids):
            ticket = Ticket.objects.select_for_update().get(pk=pk)
            ticket.priority = max(1, ticket.priority + by)
            ticket.save(update_fields=["priority"])
            priorities[pk] = ticket.priority
    return list(priorities.values())
