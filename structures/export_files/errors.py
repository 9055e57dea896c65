"""Errors of exports.

* DomainError
  x ExportNotReady         409  the file of an export is not made yet, or could not be made
  x ExportTooLarge         422  the file of an export is larger than the settings allow
  x ExportFormatChanged    409  the format was changed by an upgrade between the request and the job
"""

from __future__ import annotations

from project.errors import Conflict, RuleViolation


class ExportNotReady(Conflict):
    """The export has no file; `extra` says its state and names its job."""

    code = "export_not_ready"
    next_step = "Wait for the job that `job` names. When it failed, correct what its error says and ask again."


class ExportTooLarge(RuleViolation):
    """The file would be larger than EXPORT_MAX_BYTES."""

    code = "export_too_large"
    next_step = "Choose options with less in them, or ask the operator of this server to raise EXPORT_MAX_BYTES."


class ExportFormatChanged(Conflict):
    """This server was upgraded to another version of the format before the job ran."""

    code = "export_format_changed"
    next_step = "Ask for the export again."
