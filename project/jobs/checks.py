"""System check of the child processes that read files: what they could do beside reading."""

from __future__ import annotations

from typing import Any

from django.core import checks

from project.processes.runner import ChildFailed, read_messages

PROBE = "project.processes.confinement_probe"


@checks.register(checks.Tags.security, deploy=True)
def check_confinement(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Start a child and tell what this platform does not keep it from. A child that breaks is reported, too."""
    try:
        (found,) = read_messages(PROBE, {})
    except (ChildFailed, ValueError) as exc:
        return [checks.Error(f"A child process cannot be started: {exc}.", id="jobs.E010")]
    messages: list[checks.CheckMessage] = []
    if found["has_network"]:
        messages.append(
            checks.Warning(
                "The child processes that read files can use the network: this platform has no seccomp filters.",
                hint="Run the workers on Linux (x86-64 or ARM64), or close their network otherwise.",
                id="jobs.W010",
            )
        )
    if found["sees_parent"]:
        messages.append(
            checks.Warning(
                "The child processes that read files can read this process's environment, where keys are.",
                hint="Use Linux 5.13 or newer with Landlock, or run the workers as a user without privileges.",
                id="jobs.W011",
            )
        )
    return messages
