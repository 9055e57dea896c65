"""What a model of a sandbox says of a picture."""

from __future__ import annotations

import hashlib

from llm.messages import ModelRequest
from materials.ingestion.picture_schema import ImageDescription


def describe_picture(request: ModelRequest) -> ImageDescription:
    """Return a description that says nothing of the picture but which one it is: the same for the same picture."""
    (picture,) = request.pictures
    digest = hashlib.sha256(picture.data).hexdigest()[:8]
    return ImageDescription(text="", shows=f"A picture that was not looked at, in the sandbox. Its mark is {digest}.")
