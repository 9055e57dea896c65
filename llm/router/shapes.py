"""Shapes of requests: what a vendor may refuse as malformed whatever the texts say."""

from __future__ import annotations

import hashlib
import json

from llm.messages import ModelRequest
from llm.schemas import Schema


def describe_shape(action: str, request: ModelRequest, schema: Schema | None) -> str:
    """Return the shape of a request: its action, its schema with a digest, and its kinds of pictures and clips.

    Texts are no part of it, so that operators may read it. At most 200 characters.
    """
    parts = [action]
    if schema is not None:
        digest = hashlib.sha256(json.dumps(schema.body, sort_keys=True).encode()).hexdigest()[:8]
        parts.append(f"{schema.name[:60]} {digest}")
    # Sorted and without doubles: one more picture of a kind does not make another shape.
    kinds = {picture.media_type for picture in request.pictures} | {clip.media_type for clip in request.clips}
    parts.extend(sorted(kind[:20] for kind in kinds))
    return ", ".join(parts)[:200]
