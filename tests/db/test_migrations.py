"""The migrations of each app on an empty database, and databases that are older than the first one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

SCHEMA = settings.BASE_DIR / "tests" / "data" / "schemas" / "before_the_first_release.sql"


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[dict[str, str]]:
    """Return how to reach a new database on the tests' server."""
    name = f"migrations_{uuid4().hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    given = connection.get_connection_params()
    yield {key: str(given[key]) for key in ("host", "port", "user", "password") if given.get(key)} | {"dbname": name}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrate(database: dict[str, str]) -> subprocess.CompletedProcess[str]:
    url = f"postgresql:///{database['dbname']}?" + urlencode({k: v for k, v in database.items() if k != "dbname"})
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "project.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-color"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_an_empty_database_is_migrated_and_migrated_again(empty_database: dict[str, str]) -> None:
    for _ in range(2):
        done = migrate(empty_database)

        assert done.returncode == 0, done.stderr
    with psycopg.connect(**empty_database) as session:  # type: ignore[arg-type]  # all are strings
        ours = session.execute("SELECT app, name FROM django_migrations WHERE app IN ('jobs', 'llm', 'materials')")
        applied = set(ours.fetchall())
    files = MigrationLoader(None).disk_migrations
    assert applied == {key for key in files if key[0] in {"jobs", "llm", "materials"}}


def test_a_database_of_a_development_version_is_refused_in_one_sentence(empty_database: dict[str, str]) -> None:
    with psycopg.connect(**empty_database) as session:  # type: ignore[arg-type]  # all are strings
        session.execute(SCHEMA.read_text(encoding="utf-8"))

    done = migrate(empty_database)

    assert done.returncode != 0
    assert "was made by a development version before the first release and has to be made anew." in done.stderr
    assert "Traceback" not in done.stderr
    with psycopg.connect(**empty_database) as session:  # type: ignore[arg-type]  # all are strings
        assert session.execute(
            "SELECT count(*) FROM information_schema.columns WHERE column_name = 'room'"
        ).fetchone() == (2,)
