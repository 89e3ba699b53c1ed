"""Gift codes that can be read aloud."""

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

import random

from django.db import IntegrityError, models, transaction

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Coupon(models.Model):
    id = models.BigAutoField(primary_key=True)
    tenant_id = models.BigIntegerField()
    code = models.TextField()
    percent = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "coupons"
        app_label = "gifts"


def new_code(length: int = 6) -> str:
    return "".join(random.choices(ALPHABET, k=length))


@transaction.atomic
def issue(tenant_id: int, percents: list[int]) -> list[str]:
    """One coupon for each of `percents`, or none."""
    codes = []
    for percent in percents:
        for _ in range(5):
            code = new_code()
            try:
                with transaction.atomic():
                    Coupon.objects.create(tenant_id=tenant_id, code=code, percent=percent)
            except IntegrityError:
                continue
            codes.append(code)
            break
        else:
            raise RuntimeError("no free code in five attempts")
    return codes
