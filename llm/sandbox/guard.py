"""What keeps sandboxes away from vendors and transcribers, wherever else a mistake is made."""

from __future__ import annotations

from tenants.models import Tenant


class SandboxLeak(RuntimeError):
    """A vendor or a transcriber was about to be asked for a sandbox. That is a mistake in the program."""


def refuse_sandbox(tenant: Tenant | None) -> None:
    """Raise SandboxLeak for a sandbox. Whatever costs money or a processor calls it before it begins."""
    if tenant is not None and tenant.is_sandbox:
        raise SandboxLeak("A sandbox asks no vendor and no transcriber.")
