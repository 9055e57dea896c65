"""The version of the outline engine, apart from what the engine needs: whoever only asks for it loads no word lists."""

from __future__ import annotations

# To be changed with every edit after which the same sources may give another draft: a snapshot is found again by it.
VERSION = "15"
