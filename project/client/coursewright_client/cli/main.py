"""The command `coursewright`: arguments, what they lead to, and how it ends."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..client import Client
from ..problems import ClientError
from ..steps import FileChanged
from .credentials import read_credentials
from .edit import add_edit_arguments, edit_structure
from .events import add_events_arguments, show_events
from .exits import EXIT_CODES, FAILED, INTERRUPTED, choose_exit_code, describe_error
from .keys import add_keys_arguments, manage_keys
from .login import add_login_arguments, log_in, log_out
from .mcp import add_mcp_arguments, serve_mcp
from .output import Output
from .status import add_costs_arguments, add_status_arguments, show_costs, show_status
from .structures import add_export_arguments, add_generate_arguments, export_structure, generate_structure
from .upload import add_upload_arguments, upload_folder

AddArguments = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, kw_only=True)
class Subcommand:
    """One subcommand: what it is for, how it is typed, and what does it, with a client of the server or without."""

    help: str
    examples: Sequence[str]
    add_arguments: AddArguments = lambda parser: None
    run: Callable[[Client, argparse.Namespace, Output], int] | None = None
    run_alone: Callable[[argparse.Namespace, Output], int] | None = None
    when_stopped: str = "Stopped."


SUBCOMMANDS = {
    "login": Subcommand(
        help="keep the address of a server and an API key on this machine",
        examples=["coursewright login --url https://courses.example.org", "coursewright login --url URL < key.txt"],
        add_arguments=add_login_arguments,
        run_alone=log_in,
    ),
    "logout": Subcommand(help="forget the key on this machine", examples=["coursewright logout"], run_alone=log_out),
    "upload": Subcommand(
        help="make a course of a folder; stopped at any time, the same command goes on",
        examples=["coursewright upload ./course --wait", "coursewright upload ./week-9 --into NODE --json"],
        add_arguments=add_upload_arguments,
        run=upload_folder,
        when_stopped="Stopped. What was sent is kept; the same command goes on from here.",
    ),
    "status": Subcommand(
        help="list the courses, or say how far one is",
        examples=["coursewright status", "coursewright status 'Water'"],
        add_arguments=add_status_arguments,
        run=show_status,
    ),
    "generate": Subcommand(
        help="make a structure of a course",
        examples=["coursewright generate 'Water'", "coursewright generate NODE --engine outline --no-wait"],
        add_arguments=add_generate_arguments,
        run=generate_structure,
        when_stopped="Stopped waiting. The job goes on; coursewright status says how far it is.",
    ),
    "edit": Subcommand(
        help="change a node of a structure in a working copy",
        examples=[
            "coursewright edit 'Water'",
            "coursewright edit 'Water' 'Boiling point' description='Where a liquid boils.' --approve",
            "coursewright edit NODE KEY --operation delete_node --if-match '\"4\"'",
        ],
        add_arguments=add_edit_arguments,
        run=edit_structure,
    ),
    "export": Subcommand(
        help="write a structure into files",
        examples=["coursewright export 'Water'", "coursewright export 'Water' --format docx --format cc --into out"],
        add_arguments=add_export_arguments,
        run=export_structure,
    ),
    "events": Subcommand(
        help="print what happened, or follow it as it happens",
        examples=[
            "coursewright events --follow",
            "coursewright events --type job.finished --json",
            "coursewright events --after ID --follow",
        ],
        add_arguments=add_events_arguments,
        run=show_events,
    ),
    "keys": Subcommand(
        help="list the API keys of the tenant, make, replace or revoke one",
        examples=[
            "coursewright keys",
            "coursewright keys --create uploads --scope prep --secret-file uploads.key",
            "coursewright keys --rotate cw_live_WlToEJaX > new.key",
            "coursewright keys --revoke cw_live_WlToEJaX",
        ],
        add_arguments=add_keys_arguments,
        run=manage_keys,
    ),
    "mcp": Subcommand(
        help="serve courses to an assistant over the Model Context Protocol (stdio)",
        examples=["coursewright mcp", "coursewright mcp --allow-writing"],
        add_arguments=add_mcp_arguments,
        run_alone=serve_mcp,
    ),
    "costs": Subcommand(
        help="say what models cost in a month",
        examples=["coursewright costs --month 2026-11"],
        add_arguments=add_costs_arguments,
        run=show_costs,
    ),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="coursewright",
        description="Course materials in, a grounded course structure out.",
        epilog=f"Each has its own --help with examples.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
    for name, subcommand in SUBCOMMANDS.items():
        examples = "\n  ".join(subcommand.examples)
        each = names.add_parser(
            name,
            help=subcommand.help,
            description=f"{subcommand.help[0].upper()}{subcommand.help[1:]}.",
            epilog=f"examples:\n  {examples}\n\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subcommand.add_arguments(each)
        each.add_argument("--json", action="store_true", dest="as_json", help="print the result as JSON")
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words say, and return the exit code."""
    arguments = build_parser().parse_args(words)
    output = Output(as_json=arguments.as_json)
    subcommand = SUBCOMMANDS[arguments.subcommand]
    try:
        if subcommand.run_alone is not None:
            return subcommand.run_alone(arguments, output)
        credentials = read_credentials()
        assert subcommand.run is not None
        with Client(credentials.url, credentials.key) as client:
            return subcommand.run(client, arguments, output)
    except KeyboardInterrupt:
        output.warn(subcommand.when_stopped)
        return INTERRUPTED
    except (ClientError, FileChanged) as exc:
        output.warn(describe_error(exc))
        return choose_exit_code(exc)
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does.
        sys.stderr.close()
        return FAILED
    except OSError as exc:
        output.warn(f"{exc.filename or ''}: {exc.strerror or exc}".lstrip(": "))
        return FAILED
