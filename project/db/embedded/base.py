"""Django's PostgreSQL backend on a server that starts itself on the first connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import errors, sql

from project.db.embedded.server import SUPERUSER, EmbeddedServer

_servers_by_folder: dict[Path, EmbeddedServer] = {}


def get_server(home: Path) -> EmbeddedServer:
    """Return this process's handle of the server in `home`; there is one per folder."""
    return _servers_by_folder.setdefault(home, EmbeddedServer(home))


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes `HOME` (a folder) instead of host and credentials; makes the database when it is missing."""

    def get_connection_params(self) -> dict[str, Any]:
        server = get_server(Path(self.settings_dict["HOME"]))
        server.ensure_running()
        return super().get_connection_params() | {"host": str(server.socket_folder), "user": SUPERUSER}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as exc:
            if f'database "{conn_params["dbname"]}" does not exist' not in str(exc):
                raise
            _create_database(conn_params)
            return super().get_new_connection(conn_params)


def _create_database(conn_params: dict[str, Any]) -> None:
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(conn_params["dbname"]))
    with psycopg.connect(
        host=conn_params["host"], user=conn_params["user"], dbname="postgres", autocommit=True
    ) as connection:
        try:
            connection.execute(statement)
        except errors.DuplicateDatabase:
            return
