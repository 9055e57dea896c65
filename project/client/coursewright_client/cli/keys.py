"""coursewright keys."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..client import Client
from ..problems import ClientError
from ..types import IssuedKeyJson, KeyJson
from .exits import OK
from .output import Output


class KeyUnclear(ClientError):
    """No key begins so."""


def add_keys_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `keys`."""
    actions = parser.add_mutually_exclusive_group()
    actions.add_argument("--create", metavar="LABEL", help="make a key; say with --scope what it may do")
    actions.add_argument("--rotate", metavar="KEY", help="replace a key, by its prefix or id")
    actions.add_argument("--revoke", metavar="KEY", help="refuse a key from now on, by its prefix or id")
    parser.add_argument("--scope", action="append", default=[], help="with --create; may be repeated, such as prep")
    parser.add_argument("--expires", metavar="TIME", help="with --create: such as 2027-01-01T00:00:00Z")
    parser.add_argument("--node", help="with --create: the only course node that the key reaches")
    parser.add_argument("--network", action="append", default=[], help="with --create: only from there")
    parser.add_argument("--overlap-hours", type=int, default=24, help="with --rotate: how long the old key works on")
    parser.add_argument("--secret-file", type=Path, metavar="FILE", help="write the new secret there, for you alone")


def manage_keys(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """List keys, make one, replace one, revoke one."""
    if arguments.create:
        if not arguments.scope:
            raise ClientError("Say what the key may do: --scope prep, and others.")
        issue = partial(
            client.create_key,
            arguments.create,
            arguments.scope,
            expires_at=arguments.expires,
            node=arguments.node,
            networks=arguments.network,
        )
        _show_issued(issue, arguments.secret_file, output)
    elif arguments.rotate:
        found = _find_key(client, arguments.rotate)
        issue = partial(client.rotate_key, found["id"], overlap_hours=arguments.overlap_hours)
        _show_issued(issue, arguments.secret_file, output)
    elif arguments.revoke:
        found = _find_key(client, arguments.revoke)
        client.revoke_key(found["id"])
        output.show({"revoked": found["id"]}, [f"Revoked: {_format_key(found)}"])
    else:
        keys = list(client.iterate_keys())
        output.show(keys, map(_format_key, keys))
    return OK


def _show_issued(issue: Callable[[], IssuedKeyJson], file: Path | None, output: Output) -> None:
    """Make a key and print it; its secret alone on standard output, or into a file and nowhere else.

    The file is opened before there is a key: a secret that cannot be written would be lost.
    """
    handle = None if file is None else os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        issued = issue()
        if handle is not None:
            os.write(handle, f"{issued['secret']}\n".encode())
    except BaseException:
        if file is not None:
            file.unlink()
        raise
    finally:
        if handle is not None:
            os.close(handle)
    scopes = ", ".join(issued["scopes"])
    output.tell(f"Key {issued['prefix']} ({issued['label']}: {scopes}). Its secret is shown only now.")
    if file is None:
        output.show(issued, [issued["secret"]])
        return
    shown = {name: value for name, value in issued.items() if name != "secret"}
    output.show({**shown, "secret_file": str(file)}, [f"The secret is in {file}."])


def _find_key(client: Client, named: str) -> KeyJson:
    found = next((key for key in client.iterate_keys() if named in {key["id"], key["prefix"]}), None)
    if found is None:
        raise KeyUnclear(f"There is no key {named!r}. All keys: coursewright keys")
    return found


def _format_key(key: KeyJson) -> str:
    """Return a line about a key."""
    ends = f", until {key['expires_at']}" if key["expires_at"] else ""
    return f"{key['prefix']}  {key['state']}  {', '.join(key['scopes'])}{ends}  {key['label']}"
