"""Reads prompts from files that a methodologist can edit: one for each action, `config/prompts/<action>.md`.

A file has two parts, headed `# System` and `# Request`, in Django's template language; text before the first part is a
comment. The version of a prompt is the digest of its file, and is stored with every attempt made with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template import Context, Engine, Template, TemplateSyntaxError

from llm.errors import PromptBroken
from llm.messages import ModelRequest

_PARTS = re.compile(r"^# System\s*\n(?P<system>.*?)^# Request\s*\n(?P<request>.*)\Z", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """The two templates of a prompt, and its version."""

    system: Template
    request: Template
    version: str

    def build_request(self, values: Mapping[str, object], *, max_output_tokens: int | None = None) -> ModelRequest:
        """Return the request. Values are inserted as they are: nothing in them is read as a template or escaped."""
        context = Context(dict(values), autoescape=False)
        return ModelRequest(
            system=self.system.render(context).strip(),
            prompt=self.request.render(context).strip(),
            prompt_version=self.version,
            max_output_tokens=max_output_tokens,
        )


def read_prompt(action: str) -> Prompt:
    """Return the prompt of an action, from the current content of its file. Raises PromptBroken."""
    path = Path(settings.PROMPTS_DIR) / f"{action}.md"
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise PromptBroken(f"{path.name} cannot be read: {exc.strerror}") from exc
    return _parse_prompt(path.name, content)


# By content, not by path: an edited file is parsed anew without a restart, an unchanged one never again.
@cache
def _parse_prompt(name: str, content: bytes) -> Prompt:
    try:
        parts = _PARTS.search(content.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise PromptBroken(f"{name} is not UTF-8") from exc
    if parts is None:
        raise PromptBroken(f"{name} must have two parts, headed '# System' and '# Request'")
    # An engine of its own: the project's would bring in HTML escaping, context processors and its template folders.
    engine = Engine(autoescape=False)
    try:
        return Prompt(
            system=engine.from_string(parts["system"]),
            request=engine.from_string(parts["request"]),
            version=hashlib.sha256(content).hexdigest()[:12],
        )
    except TemplateSyntaxError as exc:
        raise PromptBroken(f"{name}: {exc}") from exc
