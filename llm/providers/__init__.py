"""The vendors: one class for each dialect, each the only place that knows its SDK."""
