"""The database that those of tests are copied from. `make warm` runs this file, and so makes it before the workers."""

from __future__ import annotations

from django.db import connection

from tests.template_database import PREFIX, make_template


def list_templates() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname, oid FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return list(cursor.fetchall())


def test_it_is_made_once(db: None) -> None:
    before = list_templates()

    assert make_template() == connection.settings_dict["TEST"]["TEMPLATE"]

    assert list_templates() == before
    assert [name for name, _oid in before] == [make_template()]
