"""Recognise what a page shows around its content, such as menus, and what it does not show at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from materials.readers.base.html_elements import LEFT_OUT_TAG

# Not rendered, rendered as a picture, or a control whose label is not text of the page. `rp` holds the brackets that
# only browsers without ruby show.
_IGNORED_TAGS = {
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "svg",
    "canvas",
    "iframe",
    "object",
    "button",
    "select",
    "input",
    "textarea",
    "audio",
    "video",
    "source",
    "track",
    "datalist",
    "applet",
    "embed",
    "rp",
    "title",
    LEFT_OUT_TAG,
}
# Signs of tools beside the text: KaTeX's visual copy of a formula, links of headings to themselves (Sphinx, Docusaurus,
# AnchorJS), back links of footnotes, copy buttons, and columns of line numbers (Pygments, Prism, Rouge).
_IGNORED_CLASSES = {
    "katex-html",
    "headerlink",
    "anchor-link",
    "anchorjs-link",
    "heading-anchor",
    "hash-link",
    "footnote-backref",
    "footnote-back",
    "copybtn",
    "lineno",
    "linenos",
    "linenodiv",
    "line-numbers-rows",
    "gutter",
    "rouge-gutter",
    "mw-editsection",
}
_ICON_TAGS = {"span", "i", "a", "b", "em", "img", "small"}
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

_LANDMARK_TAGS = {"nav", "header", "footer", "aside"}
_LANDMARK_ROLES = {"navigation", "banner", "contentinfo", "complementary", "search"}
_NOTE_ROLES = {"doc-endnotes", "doc-footnote", "doc-footnotes", "doc-bibliography", "doc-glossary", "note"}
# Classes and ids of boilerplate: any prefixes, one name of a kind of boilerplate, any suffixes. The whole name must
# match, because ids are also made from headings: `navigation` is a menu, `navigation-at-sea` a section.
_NAME_PREFIX = (
    r"(?:site|page|main|global|top|bottom|left|right|primary|secondary|mobile|desktop|md|bd|wp|quarto|sphinx|wy|theme|"
    r"docs?|course|block|region|sub|post|article|book|local|float(?:ing)?|js|js|app|in-?page|on-?this-?page)[-_]{1,2}"
)
_NAME_CORE = (
    r"nav(?:bar|igation|igator)?|menu(?:bar)?|side-?bar|breadcrumbs?|footer|pagination|pager|skip-?(?:link|nav)s?|"
    r"skip-to-(?:main|content)|toc|table-?of-?contents|no-?print|advert(?:isement)?s?|adsbygoogle|newsletter|"
    r"share(?:-buttons)?|sharedaddy|addthis\w*|related-posts|comments?-(?:area|section|list|respond)|disqus_thread|"
    r"prev-?next|edit-?this-?page"
)
_NAME_SUFFIX = (
    r"(?:[-_]{1,2}(?:container|wrap(?:per)?|inner|outer|list|items?|bar|menu|nav|links?|left|right|primary|secondary|area|"
    r"block|widget|tree|toggle|actions|drawer|scrollwrap|collapse|header|title|footer|top|bottom|\d+))*"
)
_BOILERPLATE_NAME = re.compile(rf"(?:{_NAME_PREFIX})*(?:{_NAME_CORE}){_NAME_SUFFIX}", re.IGNORECASE)
_COOKIE_BANNER_NAME = re.compile(
    r"[\w-]*cookie[-_]?s?[-_]?(?:banner|consent|notice|bar|popup|modal|law|message|overlay|dialog|box|info|disclaimer|policy)"
    r"[\w-]*|cookies?|onetrust[\w-]*|cybotcookie[\w-]*|cc-(?:window|banner)|(?:gdpr|consent)[-_](?:banner|popup|dialog|bar|"
    r"notice|manager|modal)[\w-]*|usercentrics[\w-]*|didomi[\w-]*",
    re.IGNORECASE,
)
_SOCIAL_LINKS_NAME = re.compile(
    r"(?:social|share|sharing)(?:[-_](?:links?|buttons?|icons?|bar|media|menu|list|nav))?", re.IGNORECASE
)
# Characters, two or three lines: share buttons and login forms have less, an article about social media or a page
# inside one large form has more.
_SHORT_TEXT_LENGTH = 200
# Share of the page's text: what has more is its content, for themes name boxes around all of it `page-sidebar`, too.
# Less than half, because the page's text includes its menus; but not where links are most of it, as in the contents of
# a book.
_MAIN_CONTENT_SHARE = 0.4
_MAX_LINK_SHARE = 0.6
# One or two links are a source or a credit, such as below a slide.
_MIN_MENU_LINKS = 3
# Links whose text is counted on one page: landmarks in landmarks would have theirs counted once for each.
_MAX_LINKS = 100_000
_HEADING_TAGS = {"h1", "h2", "h3", "h4", "h5", "h6"}


def get_classes(element: Any) -> list[str]:
    """Return the classes of an element."""
    return (element.get("class") or "").split()


def is_ignored(element: Any) -> bool:
    """Tell whether an element is invisible on the page or is only a control or an icon."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _IGNORED_TAGS:
        return True
    attributes = element.attrib
    if not attributes:
        return bool(tag == "dialog")
    # `hidden=until-found` is folded text that a search opens (HTML 6.1); a dialog is shown while it has `open`.
    if attributes.get("hidden", "until-found") != "until-found" or (tag == "dialog" and "open" not in attributes):
        return True
    if "style" in attributes and _HIDING_STYLE.search(attributes["style"]):
        return True
    if "class" in attributes and not _IGNORED_CLASSES.isdisjoint(attributes["class"].split()):
        return True
    is_icon = tag in _ICON_TAGS and attributes.get("aria-hidden") == "true"
    return bool(is_icon or attributes.get("role") == "doc-backlink")


@dataclass
class BoilerplateDetector:
    """Tells navigation, advertising and imprint from the content of the page below `root`.

    The length of the page is counted once, when it is first needed: `root` must not shrink meanwhile.
    """

    root: Any
    _page_length: int | None = None
    _links_left: int = _MAX_LINKS

    def is_boilerplate(self, element: Any) -> bool:
        """Tell whether an element is boilerplate by its tag, its ARIA role, or its classes and id."""
        tag = element.tag
        if tag in {"body", "html", "main"} or tag in _HEADING_TAGS:
            return False
        role = element.get("role")
        if role in _NOTE_ROLES or "footnotes" in get_classes(element):
            return False
        if tag == "nav" or role in {"navigation", "search"}:
            return True
        if tag in _LANDMARK_TAGS or role in _LANDMARK_ROLES:
            return not self._belongs_to_content(element)
        if tag == "form":
            return self._is_login_or_search_form(element)
        return self._has_boilerplate_name(element) and not self._is_main_content(element)

    def _belongs_to_content(self, element: Any) -> bool:
        """Tell whether a landmark belongs to the text: it is part of an article, or holds all titles of the page.

        Heads and feet inside of an article, a section or the main text are theirs, not the page's (HTML-AAM 3.5). What
        is mostly links, in a foot or outside of articles, leads elsewhere all the same.
        """
        if element.xpath("boolean(ancestor::article or ancestor::main or ancestor::section)"):
            if self._has_boilerplate_name(element) and not self._is_main_content(element):
                return False
            is_inside = element.tag != "footer" and element.xpath("boolean(ancestor::article or ancestor::main)")
            return is_inside or not self._is_mostly_links(element)
        if element.tag == "footer" and element.xpath("boolean(ancestor::blockquote)"):
            return True  # who is quoted
        titles = element.xpath("count(.//h1)")
        return bool(titles) and titles == self.root.xpath("count(//h1)")

    def _has_boilerplate_name(self, element: Any) -> bool:
        for name in get_classes(element):
            if _BOILERPLATE_NAME.fullmatch(name) or _COOKIE_BANNER_NAME.fullmatch(name):
                return True
            if _SOCIAL_LINKS_NAME.fullmatch(name) and _count_characters(element) < _SHORT_TEXT_LENGTH:
                return True
        named = element.get("id")
        if not named or element.tag in {"section", "article"} or _starts_with_heading(element):
            return False  # the id was made from the heading
        return _BOILERPLATE_NAME.fullmatch(named) is not None or _COOKIE_BANNER_NAME.fullmatch(named) is not None

    def _is_main_content(self, element: Any) -> bool:
        if element.xpath("boolean(.//main or .//article or .//h1)"):
            return True
        if self._page_length is None:
            self._page_length = _count_characters(self.root)
        is_long = _count_characters(element) > _MAIN_CONTENT_SHARE * self._page_length
        return is_long and not self._is_mostly_links(element)

    def _is_mostly_links(self, element: Any) -> bool:
        length = count = 0
        for link in element.iter("a"):
            count += 1
            self._links_left -= 1
            if self._links_left < 0:
                return False
            length += _count_characters(link)
        return count >= _MIN_MENU_LINKS and length >= _MAX_LINK_SHARE * _count_characters(element)

    def _is_login_or_search_form(self, form: Any) -> bool:
        """Tell whether a form is for signing in or searching; other forms wrap whole pages (ASP.NET, quizzes)."""
        asked = form.xpath("boolean(.//input[@type='password' or @type='search' or @type='email'])")
        return bool(asked or form.get("role") == "search") and _count_characters(form) < _SHORT_TEXT_LENGTH


def _count_characters(element: Any) -> int:
    return int(element.xpath("string-length(normalize-space(.))"))


def _starts_with_heading(element: Any) -> bool:
    first = next(iter(element), None)
    return first is not None and first.tag in _HEADING_TAGS
