"""coursewright edit."""

from __future__ import annotations

import argparse
import json
import uuid
from typing import Any

from ..client import Client
from ..problems import ClientError
from ..types import Versioned, WorkingCopyStateJson
from .courses import find_node
from .exits import OK
from .output import Output


class NodeUnclear(ClientError):
    """No node of the structure, or more than one, is called so."""


def add_edit_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `edit`."""
    parser.add_argument("course", help="id or title")
    parser.add_argument("node", nargs="?", help="key or title of a node of the structure; without it they are listed")
    parser.add_argument(
        "fields", nargs="*", metavar="FIELD=VALUE", help="such as title='Boiling water'; no value empties it"
    )
    parser.add_argument("--operation", help="another operation of the API than change_field, such as delete_node")
    parser.add_argument(
        "--arguments",
        type=_parse_arguments,
        default={},
        metavar="JSON",
        help="what it needs besides the key",
    )
    parser.add_argument("--reason", default="", help="why, for the history")
    parser.add_argument(
        "--copy", default="main", metavar="NAME", help="name of the working copy; made when there is none"
    )
    parser.add_argument(
        "--if-match", metavar="ETAG", help="only if this is still the version; by default the one just read"
    )
    parser.add_argument("--approve", action="store_true", help="then make a structure of the working copy")


def edit_structure(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Change a node in a working copy, each time in the version that was read."""
    state = _open_copy(client, find_node(client, arguments.course), arguments.copy)
    copy, nodes = state.value["id"], state.value["tree"]["nodes"]
    etag = arguments.if_match or state.etag
    steps = _list_steps(arguments, nodes)
    for operation, given in steps:
        etag = client.edit(copy, operation, given, etag=etag, reason=arguments.reason).etag
    document: dict[str, Any] = {"working_copy": copy, "etag": etag, "steps": len(steps)}
    lines = [f"Working copy {copy}, version {etag}: {len(steps)} {'step' if len(steps) == 1 else 'steps'}."]
    if arguments.node is None:
        document["nodes"] = nodes
        lines += [
            f"{node['key']}  {node['node_type'] or 'course'}: {node['fields'].get('title', '')}" for node in nodes
        ]
    if arguments.approve:
        document["snapshot"] = client.approve_working_copy(copy, etag=etag, reason=arguments.reason)["id"]
        lines.append(f"Approved as structure {document['snapshot']}.")
    output.show(document, lines)
    return OK


def _open_copy(client: Client, node: str, name: str) -> Versioned[WorkingCopyStateJson]:
    """Return the open working copy of a name; a new one of the newest structure when there is none."""
    for copy in client.iterate_working_copies(node):
        if copy["name"] == name and copy["status"] == "open":
            return client.read_working_copy(copy["id"])
    made = client.make_working_copy(client.read_structure(node)["id"], name=name)
    return client.read_working_copy(made["id"])


def _list_steps(arguments: argparse.Namespace, nodes: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    if arguments.node is None:
        return []
    key = _find_key(nodes, arguments.node)
    if arguments.operation:
        return [(arguments.operation, {"key": key, **arguments.arguments})]
    if not arguments.fields:
        raise ClientError(
            "Say what is to be changed, such as description='Where a liquid boils.', or name an --operation."
        )
    steps = []
    for given in arguments.fields:
        field, equals, value = given.partition("=")
        if not equals:
            raise ClientError(f"{given!r} is not of the form FIELD=VALUE.")
        steps.append(("change_field", {"key": key, "field": field, "value": _parse_value(field, value)}))
    return steps


def _parse_arguments(text: str) -> dict[str, Any]:
    """Return what `--arguments` says. Raises ArgumentTypeError."""
    try:
        parsed = json.loads(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {exc}") from exc
    if not isinstance(parsed, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is not a JSON object")
    return parsed


def _parse_value(field: str, value: str) -> Any:
    """Return the value of a field: minutes and difficulty are numbers, lists are written as JSON."""
    if field in {"estimated_minutes", "difficulty"}:
        return int(value) if value.isdecimal() else None
    if value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _find_key(nodes: list[dict[str, Any]], named: str) -> str:
    try:
        return str(uuid.UUID(named))
    except ValueError:
        pass
    found = [node for node in nodes if node["fields"].get("title") == named]
    if len(found) == 1:
        return str(found[0]["key"])
    shown = "".join(f"\n{node['key']}  {node['node_type']}" for node in found)
    raise NodeUnclear(f"{len(found) or 'No'} nodes are called {named!r}. Name one by its key.{shown}")
