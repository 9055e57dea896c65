"""How well a structure agrees with the one that a course's own authors give it (docs/quality.md)."""
