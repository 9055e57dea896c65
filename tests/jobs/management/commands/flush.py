"""Django's `flush`, quicker: it runs after every test that commits."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction
from psycopg.sql import SQL, Identifier

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
"""What migrations make, and only they."""


class Command(flush.Command):
    """Empty the tables by DELETE, which takes a tenth of TRUNCATE's time for a few rows."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
        deletes = SQL("; ").join(SQL("DELETE FROM {}").format(Identifier(table)) for table in sorted(tables))
        with transaction.atomic(using=options["database"]), connection.cursor() as cursor:
            cursor.execute(deletes)
