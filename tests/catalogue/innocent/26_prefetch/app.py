"""Department overview with prefetched relations."""

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

from django.db import models


class Employee(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    team = models.TextField()

    class Meta:
        managed = False
        db_table = "employees"
        app_label = "desk"


class Ticket(models.Model):
    id = models.BigAutoField(primary_key=True)
    assignee = models.ForeignKey(Employee, models.SET_NULL, null=True, related_name="tickets")
    subject = models.TextField()
    status = models.TextField()

    class Meta:
        managed = False
        db_table = "tickets"
        app_label = "desk"


class Message(models.Model):
    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    author = models.TextField()

    class Meta:
        managed = False
        db_table = "messages"
        app_label = "desk"


def overview(employee_ids: list[int]) -> dict[str, list[tuple[str, int]]]:
    """{employee: [(subject, number of messages), ...]} of tickets that are not closed."""
    opened = Ticket.objects.exclude(status="closed").prefetch_related("messages").order_by("id")
    employees = Employee.objects.filter(id__in=employee_ids).prefetch_related(models.Prefetch("tickets", opened))
    return {e.name: [(t.subject, len(t.messages.all())) for t in e.tickets.all()] for e in employees}
