"""The client of the API: a distribution of its own (`pyproject.toml`), which imports nothing of the server."""
