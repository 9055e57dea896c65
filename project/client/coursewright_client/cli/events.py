"""coursewright events."""

from __future__ import annotations

import argparse

from ..client import Client
from ..types import EventJson
from .exits import OK
from .output import Output


def add_events_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `events`."""
    parser.add_argument("--follow", action="store_true", help="wait for more, until Ctrl-C")
    parser.add_argument("--after", metavar="ID", help="only what came after the event with this id")
    parser.add_argument("--type", dest="event_type", help="only these, such as job.finished")
    parser.add_argument("--subject", metavar="ID", help="only what tells of this job, entry, snapshot or course")


def show_events(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Print what happened, the oldest first, each at once."""
    for event in client.iterate_events(
        after=arguments.after,
        event_type=arguments.event_type,
        subject=arguments.subject,
        follow=arguments.follow,
    ):
        output.show_record(event, _format_event(event))
    return OK


def _format_event(event: EventJson) -> str:
    """Return a line about an event."""
    facts = "  ".join(f"{name}={value}" for name, value in event["data"].items() if name != "links" and value)
    return f"{event['timestamp']}  {event['id']}  {event['type']}  {facts}"
