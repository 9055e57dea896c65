"""coursewright mcp."""

from __future__ import annotations

import argparse

from ..async_client import AsyncClient
from ..problems import ClientError
from .credentials import read_credentials
from .exits import OK
from .output import Output


def add_mcp_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mcp`."""
    parser.add_argument(
        "--allow-writing",
        action="store_true",
        help="offer tools that begin work, which may cost money; else all only read",
    )


def serve_mcp(arguments: argparse.Namespace, output: Output) -> int:
    """Serve until standard input ends."""
    try:
        from ..mcp_server import build_server  # noqa: PLC0415  # an extra that other subcommands do without
    except ImportError as exc:
        raise ClientError(f"{exc}. Install what it needs: pip install 'coursewright-client[mcp]'") from exc
    credentials = read_credentials()
    build_server(AsyncClient(credentials.url, credentials.key), allow_writing=arguments.allow_writing).run("stdio")
    return OK
