"""docs/how-to/receive-webhooks.md, done as it stands."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.process_table import environment, eventually, start

PAGE = Path(settings.BASE_DIR) / "docs" / "how-to" / "receive-webhooks.md"


def list_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def find_free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_test_message_arrives_as_documented(tmp_path: Path) -> None:
    (receiver,) = list_blocks("python")
    begin, *others = list_blocks("sh")
    assert begin == "WEBHOOK_ALLOWED_HOSTS=127.0.0.1:9000 make up\n"
    port = find_free_port()
    log, clone = tmp_path / "up.log", tmp_path / "clone"
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    for name in ("manage.py", "project"):
        (clone / name).symlink_to(settings.BASE_DIR / name)
    (clone / "receiver.py").write_text(receiver.replace("9000", port))
    variables = {"VAR_DIR": str(tmp_path / "var"), "WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{port}"}
    process = start("manage.py", "up", "--port", "0", log=log, **variables)
    try:
        eventually(lambda: "Ctrl-C" in log.read_text(), seconds=300, what="it did not come up", log=log)
        found = re.search(r"(http://127\.0\.0\.1:\d+)/api/docs", log.read_text())
        assert found is not None
        script = (
            "\n".join(others).replace("http://127.0.0.1:8000", found[1]).replace("127.0.0.1:9000", f"127.0.0.1:{port}")
        )
        # A busy machine takes longer.
        script = script.replace("sleep 2", "sleep 10").replace("sleep 5", "sleep 15")
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-m", "-c", script],
            cwd=clone,
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        process.terminate()
        process.wait()

    assert done.returncode == 0, done.stdout + done.stderr
    # Not at the begin of a line: what curl shows before has no end of line.
    assert re.search(r"webhook\.test \{'webhook': ", done.stdout), done.stdout + done.stderr
    assert '"response_status":204' in done.stdout
