"""What the tags of the OpenAPI document group: one for the first part of each path."""

from __future__ import annotations

_TEXTS = {
    "budget": "What the tenant lets models cost in a month.",
    "chunks": "The passages into which entries are cut, and their corrections by people.",
    "comment-threads": "What people say to one another about a part of a course.",
    "corrections": "Corrections of chunks, which can be taken back.",
    "costs": "What models have cost.",
    "entries": "Files and addresses in the material tree: what was read of them, and how to have them read again.",
    "events": "What has happened, in an order that never changes.",
    "export-formats": "The formats in which structures can be had, with their options.",
    "exports": "Files made of structures.",
    "frames": "Pictures out of recordings.",
    "imports": "What became of the files of an archive.",
    "jobs": "Work that goes on after the answer: reading, generating, exporting.",
    "keys": "The keys of the tenant: made, rotated and revoked.",
    "mappings": "Which slide is shown when in which video.",
    "me": "The key that asks.",
    "nodes": "The tree of materials: courses, their parts, and all that belongs to one of them.",
    "sandbox": "The world of test keys: what it keeps, and the file names that force an outcome in it.",
    "quota": "How much the tenant lets be stored.",
    "shared": "Pages that a shared link opens, without a key.",
    "snapshots": "Structures of courses, which never change once they are made.",
    "tree-changes": "What applying a structure did to the material tree, which can be undone.",
    "uploads": "Large files, announced first and sent in parts.",
    "usage": "How much is stored.",
    "webhooks": "Addresses of the tenant's own servers that events are sent to, and what was sent.",
    "working-copies": "Structures that people edit, with history, conflicts and approval.",
}
TAGS = [{"name": name, "description": text} for name, text in sorted(_TEXTS.items())]
