"""What a vision model is asked to say of one picture."""

from __future__ import annotations

from pydantic import BaseModel, Field

DESCRIBE_SLIDES = "describe_slides"
"""The action, as `config/models.yaml` and `config/prompts` name it."""


class ImageDescription(BaseModel):
    """One slide or frame, as it is."""

    text: str = Field(
        description="The words that can be read on the picture, verbatim and in reading order; else blank."
    )
    shows: str = Field(description="What else the picture shows, in one to three sentences; blank when only words.")

    def as_text(self) -> str:
        """Return both, the words first."""
        return "\n".join(filter(None, (self.text.strip(), self.shows.strip())))
