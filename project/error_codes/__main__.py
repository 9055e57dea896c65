"""Write the page of all error codes into the documentation: `python -m project.error_codes docs/errors.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from project.error_codes.pages import build_page

Path(sys.argv[1]).write_text(build_page(), encoding="utf-8")
