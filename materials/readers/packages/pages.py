"""Make HTML pages of texts that packages hold in other files."""

from __future__ import annotations

from html import escape


def build_page(title: str, body: str, *, is_html: bool = True) -> bytes:
    """Return an HTML page; of a plain text each paragraph is one."""
    if not is_html:
        body = "\n".join(f"<p>{escape(part)}</p>" for part in body.split("\n\n"))
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>'
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n{body}\n</body></html>\n".encode()
