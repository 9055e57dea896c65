"""The migrated database that every test database is copied from: migrations run once, not once for each worker."""

from __future__ import annotations

import hashlib
import inspect
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import modules

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from project.db.embedded.server import find_binaries
from tests.process_table import database_url

PREFIX = "coursewright_template_"
_LOCK = 5_700_184_312  # any number that no other program locks


def make_template() -> str:
    """Return the name of a database that has been migrated; make it unless an earlier run with the same migrations did.

    Whoever copies it migrates the copy again, which finds nothing to do unless a migration is missing here.
    Needs an unblocked database, and leaves the connection closed.
    """
    name = PREFIX + _digest_migrations()
    quote = connection.ops.quote_name
    with connection._nodb_cursor() as cursor:  # the connection that Django makes test databases with
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # the others wait for the one that migrates
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        present = {row[0] for row in cursor.fetchall()}
        if name not in present:
            unfinished = f"{name}_unfinished"
            for outdated in present:
                cursor.execute(f"DROP DATABASE IF EXISTS {quote(outdated)} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {quote(unfinished)}")
            with _connected_to(unfinished):
                call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
            cursor.execute(f"ALTER DATABASE {quote(unfinished)} RENAME TO {quote(name)}")
    return name


def dump_template(file: Path) -> None:
    """Write the statements that make what `make_template` made, for another server. Needs the test database.

    From a copy: no database can be copied while somebody is connected to it, and other workers copy the template. Not
    from the test database: tests that commit empty its tables, also of what migrations put there.
    """
    template = connection.settings_dict["TEST"]["TEMPLATE"]
    copy = f"{connection.settings_dict['NAME']}_dumped"
    quote = connection.ops.quote_name
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quote(copy)}")
        cursor.execute(f"CREATE DATABASE {quote(copy)} TEMPLATE {quote(template)}")
        try:
            with _connected_to(copy):
                url = database_url()
            command = [str(find_binaries() / "pg_dump"), "--no-owner", "--no-privileges", "--file", str(file), url]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        finally:
            cursor.execute(f"DROP DATABASE {quote(copy)}")


def _digest_migrations() -> str:
    """Return a digest of all that tables come from: the migrations of every app, and the modules that ours import."""
    files = {inspect.getfile(modules[type(one).__module__]) for one in MigrationLoader(None).disk_migrations.values()}
    for ours in ("project/db/**/*.py", "*/models/**/*.py", "*/models.py", "project/*/models.py"):
        files |= {str(path) for path in settings.BASE_DIR.glob(ours)}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
