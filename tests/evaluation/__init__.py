"""The outline engine over small courses in many shapes: `make evaluate` (docs/quality.md)."""
