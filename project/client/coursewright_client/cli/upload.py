"""coursewright upload."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ..client import Client
from ..problems import ClientError
from .course_upload import PARALLEL, CourseUpload, UploadReport, scan_folder
from .courses import find_node
from .exits import LEFT_OUT, OK
from .journal import Journal, find_journal
from .output import Output
from .status import describe_failures, list_failed_entries


def add_upload_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `upload`."""
    parser.add_argument("folder", type=Path, help="folder of materials: sub-folders become parts of the course")
    parser.add_argument("--title", help="title of the course; by default the name of the folder")
    parser.add_argument("--language", help="language of the course, such as en or uk")
    parser.add_argument("--into", metavar="NODE", help="put everything into this node instead of a new course")
    parser.add_argument(
        "--new", action="store_true", help="begin a new course, also when this folder was uploaded before"
    )
    parser.add_argument("--wait", action="store_true", help="wait until everything was read, and say what could not be")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="with --wait: not longer than this")
    parser.add_argument("--parallel", type=int, default=PARALLEL, help=argparse.SUPPRESS)


def upload_folder(client: Client, arguments: argparse.Namespace, output: Output) -> int:
    """Send what of a folder has not been sent."""
    folder: Path = arguments.folder
    if not folder.is_dir():
        raise ClientError(f"{folder} is not a folder. Single files and archives are sent by the API: docs/api.md")
    plan = scan_folder(folder)
    files = plan.list_files()
    if not files:
        raise ClientError(f"There are no files in {folder}.")
    node = find_node(client, arguments.into) if arguments.into else None
    path = find_journal(client.base_url, client.get_me()["tenant"], folder, node)
    journal = Journal.open(path, is_new=arguments.new)
    try:
        if journal.sent or journal.announced:
            output.tell(f"Going on with the upload of {folder}. For a new course: --new")
        upload = CourseUpload(
            client=client,
            journal=journal,
            plan=plan,
            title=arguments.title or re.sub(r"[-_]+", " ", folder.resolve().name).strip() or "Course",
            language=arguments.language,
            node=node,
            parallel=max(1, arguments.parallel),
        )
        with output.measure("Sending", sum(file.size for file in files)) as show:
            report = upload.run(lambda done, name: show(done, name[-40:]))
    finally:
        journal.close()
    failed: list[tuple[str, str]] = []
    if arguments.wait:
        wait_for_reading(client, report.course, output, timeout=arguments.timeout)
        failed = list_failed_entries(client.read_tree(report.course))
    _show_report(report, failed, output)
    return LEFT_OUT if report.left_out or failed else OK


def wait_for_reading(client: Client, node: str, output: Output, *, timeout: float | None) -> None:
    """Wait until no job at or below a node is open, with a bar."""
    with output.count("Reading") as show:
        client.wait_for_node(
            node,
            timeout=timeout,
            on_status=lambda status: show(status["progress"]["done"], status["progress"]["total"]),
        )


def _show_report(report: UploadReport, failed: list[tuple[str, str]], output: Output) -> None:
    for shown, reason in report.left_out:
        output.warn(f"Not taken: {shown}: {reason}")
    for shown, entry in report.replaced:
        output.warn(f"{shown} has changed since it was sent. What was sent before is still there as entry {entry}.")
    for line in describe_failures(failed):
        output.warn(line)
    document = {
        "course": report.course,
        "sent": report.sent,
        "already_there": report.already_there,
        "changed": [{"path": shown, "earlier_entry": entry} for shown, entry in report.replaced],
        "left_out": [{"path": shown, "reason": reason} for shown, reason in report.left_out],
        "failed": [{"path": shown, "reason": reason} for shown, reason in failed],
    }
    there = f", {report.already_there} were there" if report.already_there else ""
    output.show(document, [f"Course {report.course}: {report.sent} files sent{there}."])
