"""Draw the slides of a PowerPoint file as a PDF with LibreOffice, in a child process, when it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from project.processes.confinement import Sockets
from project.processes.runner import ChildFailed, ProcessLimits, read_messages

# The names that distributions install it under.
PROGRAMS = ("soffice", "libreoffice")
# The sample decks take some seconds. The address space is mostly that of its libraries.
LIMITS = ProcessLimits(memory_bytes=6 * 2**30, file_bytes=2**30, seconds=300)
# Hidden slides, too: the pages of the PDF must count as the slides do.
FILTER = 'pdf:impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'
# A profile of its own, in which documents run no macros and load nothing from elsewhere: pictures by URL would be
# fetched from inside the network.
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def find_office() -> str:
    """Return the path of LibreOffice's program; blank when it is not installed."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), "")


def draw_slides(presentation: Path, folder: Path, *, checkpoint: Callable[[], None] = lambda: None) -> Path | None:
    """Return the path of a PDF in `folder` with a page for each slide of a PowerPoint file.

    None when LibreOffice is not installed, fails or runs into a limit. `checkpoint` is called while waiting; what it
    raises ends the child.
    """
    office = find_office()
    if not office:
        return None
    request = {"office": office, "presentation": str(presentation.absolute()), "folder": str(folder.absolute())}
    try:
        # LibreOffice looks for another of itself by a socket.
        for message in read_messages(__name__, request, limits=LIMITS, checkpoint=checkpoint, sockets=Sockets.LOCAL):
            return Path(message["pdf"])
    except ChildFailed:
        pass
    return None


def run_child(request: Mapping[str, Any], send_message: Callable[[dict[str, Any]], None]) -> None:
    """Run LibreOffice: the body of the child process, whose working directory is empty and its own."""
    profile = Path("profile").absolute()
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
    # A name with an ending that LibreOffice knows: stored objects have none.
    source = Path("slides.pptx").absolute()
    source.symlink_to(request["presentation"])
    subprocess.run(
        [
            request["office"], f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore",
            "--convert-to", FILTER, "--outdir", request["folder"], str(source),
        ],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    drawn = Path(request["folder"]) / "slides.pdf"
    if drawn.is_file():
        send_message({"pdf": str(drawn)})
