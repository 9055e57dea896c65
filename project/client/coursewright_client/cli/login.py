"""coursewright login, logout."""

from __future__ import annotations

import argparse
import getpass
import sys

from ..client import Client
from ..problems import ClientError
from .credentials import Credentials, find_credentials_file, forget_credentials, write_credentials
from .output import Output


def add_login_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `login`."""
    parser.add_argument(
        "--url", help="where the server is, such as https://courses.example.org; asked for when missing"
    )


def log_in(arguments: argparse.Namespace, output: Output) -> int:
    """Try a key and keep it. It is asked for without being shown, or read from standard input."""
    url = arguments.url or (input("Server: ") if sys.stdin.isatty() else "")
    if not url.startswith(("http://", "https://")):
        raise ClientError("Say where the server is: coursewright login --url https://courses.example.org")
    key = (getpass.getpass("API key (it is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not key:
        raise ClientError("There is no key. Type it, or pass it on: coursewright login --url URL < file-with-the-key")
    with Client(url, key) as client:
        me = client.get_me()
        file = write_credentials(Credentials(url=client.base_url, key=key))
    scopes = ", ".join(me["scopes"])
    ends = f", until {me['expires_at']}" if me["expires_at"] else ""
    line = f"Logged in as {me['tenant']} with the key {me['prefix']} ({me['label']}: {scopes}{ends}), kept in {file}."
    output.show({**me, "url": client.base_url, "file": str(file)}, [line])
    return 0


def log_out(arguments: argparse.Namespace, output: Output) -> int:
    """Forget the key on this machine."""
    was_there = forget_credentials()
    line = "The key is forgotten on this machine; it is still valid." if was_there else "There was no key."
    output.show({"forgotten": was_there, "file": str(find_credentials_file())}, [line])
    return 0
