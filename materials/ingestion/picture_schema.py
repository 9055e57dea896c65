"""The schema of a vision model's answer about one picture."""

from __future__ import annotations

from pydantic import BaseModel, Field

# The name of the action in `config/models.yaml` and of its prompt in `config/prompts`.
DESCRIBE_SLIDES = "describe_slides"


class ImageDescription(BaseModel):
    """One slide or frame, as it is."""

    text: str = Field(
        description="The words that can be read on the picture, verbatim and in reading order; else blank."
    )
    shows: str = Field(description="What else the picture shows, in one to three sentences; blank when only words.")

    def as_text(self) -> str:
        """Return both texts, the words first, on lines of their own."""
        return "\n".join(filter(None, (self.text.strip(), self.shows.strip())))
