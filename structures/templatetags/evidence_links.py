"""The links to evidence of a course page. A large page has ten thousand, which templates would write for a second."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape  # Django's own takes twice as long

from django import template
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from structures.course_page.sections import PageEvidence

register = template.Library()


@register.simple_tag(takes_context=True)
def link_evidence(context: Context, references: Iterable[PageEvidence]) -> SafeString:
    """Return a list item for each reference, which the script of the page or a click fills with its evidence."""
    label = gettext("Show the passage")
    before = f'</bdi></summary><p><a href="{escape(context["base"])}evidence/'
    after = f'{context["evidence_query"]}"{context["label_language"]}>{escape(label)}'
    return SafeString(
        "".join(
            f'<li><details class="evidence" data-passage><summary><bdi>{escape(each.place)}{before}{each.id}{after}'
            "</a></p></details></li>"
            for each in references
        )
    )
