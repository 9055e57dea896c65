"""What has happened to the materials since a snapshot in sentences, for people."""

from __future__ import annotations

from structures.staleness.queries import MaterialChanges

# So many paths say which kind of file it is; a course may have thousands.
_MAX_NAMED = 20


def describe_changes(changes: MaterialChanges) -> list[str]:
    """Return the changes in short sentences; one that says so when there are none or they are not known."""
    if not changes.is_known:
        return ["Not known: the snapshot is older than the list of its sources."]
    if not changes.has_any:
        return ["Nothing has changed since."]
    sources = changes.sources
    groups = (
        ("Added", sources.added),
        ("Removed", sources.removed),
        ("Read again with another text", sources.re_read),
        ("Corrected", sources.corrected),
        ("No longer readable", sources.unreadable),
    )
    sentences = []
    for name, entries in groups:
        if entries:
            named = "; ".join(entry.path for entry in entries[:_MAX_NAMED])
            more = f"; and {len(entries) - _MAX_NAMED} more" if len(entries) > _MAX_NAMED else ""
            sentences.append(f"{name}: {named}{more}.")
    if changes.lost_count:
        sentences.append(f"References that no longer stand: {changes.lost_count}.")
    return sentences
