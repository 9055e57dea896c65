"""Show what a page hides until a reader asks for it: panels of tabs, folded sections, answers behind buttons.

Such panels are text of the page; the names of tabs move into their panels. What is hidden and led to by nothing stays
hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from materials.readers.base.pieces import collapse_whitespace

_CONTROLS_XPATH = " | ".join(
    f"//*[@{name}]"
    for name in ("aria-controls", "data-bs-target", "data-target", "data-toggle", "data-bs-toggle", "onclick")
)
# Set on panels: their text belongs to the page however little it looks like it.
PANEL_MARK = "data-coursewright-panel"
_HIDDEN_XPATH = "//*[@hidden or @style]"
_HIDING_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\s*(?:!important)?\s*;?", re.IGNORECASE)
_QUOTED_NAME = re.compile(r"['\"]#?([\w:.-]{1,100})['\"]")
# What opens over the page or leads away from it: menus, dialogs, tips.
_OVERLAY_ROLES = {
    "menu",
    "menubar",
    "listbox",
    "dialog",
    "alertdialog",
    "tooltip",
    "search",
    "navigation",
    "status",
    "alert",
}
_OVERLAY_TOGGLES = {"modal", "dropdown", "offcanvas", "tooltip", "popover"}
_OVERLAY_TAGS = {"nav", "dialog", "form", "script", "style", "template", "noscript", "iframe", "svg", "input", "select"}
# Names of parts that a page shows when asked, as authors give them to what their own scripts open.
_PANEL_NAME = re.compile(
    r"(?:^|[\s_-])(?:tab-?(?:pane|panel|content)|accordion|collapse|collapsible|spoiler|answers?|solutions?|hint|"
    r"explanation|feedback|toggle-?(?:content|body)|reveal)(?:$|[\s_-]|\d)",
    re.IGNORECASE,
)
_TAB_LISTS_XPATH = "//*[@role='tablist' or contains(concat(' ', @class, ' '), ' tabbed-labels ')]"
_PANELS_XPATH = ".//*[@role='tabpanel' or contains(concat(' ', @class, ' '), ' tabbed-block ')]"
# Each list of tabs is searched for around its panels; more of them than this is no page that a person wrote.
_MAX_TAB_LISTS = 500
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "legend"}
_SENTENCE_TAGS = {"p", "li", "td", "dd"}
_MAX_LABEL_LENGTH = 200


def show_panels(root: Any) -> None:
    """Remove what hides panels from their elements, and make words of the controls that lead to them, in place."""
    leading = _find_controls_of_panels(root)
    shown = []
    for element in root.xpath(_HIDDEN_XPATH):
        if not _is_hidden(element) or element.tag in _OVERLAY_TAGS or element.get("role") in _OVERLAY_ROLES:
            continue
        if element not in leading and (button := _find_button_before(element)) is not None:
            leading[element] = button
        if element in leading or element.get("role") == "tabpanel" or _PANEL_NAME.search(_get_names(element)):
            _show(element)
            shown.append(element)
    for panel in [*shown, *leading, *root.xpath("//*[@role='tabpanel']")]:
        if panel.tag not in _OVERLAY_TAGS and panel.get("role") not in _OVERLAY_ROLES and panel.tag != "pre":
            panel.set(PANEL_MARK, "")
    for panel, control in leading.items():
        if _is_tab(control):
            _move_label(control, panel)
    panels: dict[Any, list[Any]] = {}
    for tab_list in root.xpath(_TAB_LISTS_XPATH)[:_MAX_TAB_LISTS]:
        _move_labels_by_position(tab_list, panels)
    speaking = {leading[panel] for panel in shown if panel in leading}
    for button in list(root.iter("button")):
        _keep_words_of_button(button, is_speaking=button in speaking or _folds_text(button))


def _find_controls_of_panels(root: Any) -> dict[Any, Any]:
    """Return the first control that leads to each element: by naming its id, or as the label that it names."""
    named = {element.get("id"): element for element in reversed(root.xpath("//*[@id]"))}
    leading: dict[Any, Any] = {}
    for control in root.xpath(_CONTROLS_XPATH):
        if not _opens_overlay(control):
            for name in _iter_target_names(control):
                if (panel := named.get(name)) is not None and panel is not control:
                    leading.setdefault(panel, control)
    for panel in root.xpath("//*[@aria-labelledby]"):
        label = named.get(panel.get("aria-labelledby").split(" ")[0])
        if label is not None and (_is_button(label) or _is_tab(label)) and not _opens_overlay(label):
            leading.setdefault(panel, label)
    return leading


def _show(element: Any) -> None:
    element.attrib.pop("hidden", None)
    if "style" in element.attrib:
        element.set("style", _HIDING_STYLE.sub("", element.get("style")))


def _iter_target_names(control: Any) -> Iterator[str]:
    """Yield the ids that a control names in its attributes or its script."""
    yield from (control.get("aria-controls") or "").split()
    for name in ("data-bs-target", "data-target"):
        yield (control.get(name) or "").removeprefix("#")
    if _is_tab(control) or control.get("data-toggle") or control.get("data-bs-toggle"):
        yield (control.get("href") or "").removeprefix("#")
    for found in _QUOTED_NAME.finditer(control.get("onclick") or ""):
        yield found.group(1)


def _opens_overlay(control: Any) -> bool:
    toggled = control.get("data-bs-toggle") or control.get("data-toggle")
    return toggled in _OVERLAY_TOGGLES or control.get("aria-haspopup") not in {None, "false"}


def _is_tab(control: Any) -> bool:
    toggled = control.get("data-bs-toggle") or control.get("data-toggle")
    return control.get("role") == "tab" or toggled in {"tab", "pill"}


def _is_hidden(element: Any) -> bool:
    return element.get("hidden", "until-found") != "until-found" or bool(
        _HIDING_STYLE.search(element.get("style") or "")
    )


def _get_names(element: Any) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _find_button_before(element: Any) -> Any | None:
    """Return the button just before an element, alone in its line or beside it; None when another thing is there."""
    before = element.getprevious()
    if before is None or (before.tail or "").strip():
        return None
    if not _is_button(before):
        inside = [each for each in before.iter() if _is_button(each)] if len(before) == 1 else []
        if len(inside) != 1 or inside[0].text_content().strip() != before.text_content().strip():
            return None
        before = inside[0]
    return None if _opens_overlay(before) else before


def _is_button(element: Any) -> bool:
    if element.tag == "a":
        return (element.get("href") or "#").lower().startswith(("#", "javascript:"))
    is_input = element.tag == "input" and element.get("type") in {"button", "submit", "checkbox"}
    return element.tag == "button" or is_input or element.get("role") == "button"


def _folds_text(button: Any) -> bool:
    return button.get("aria-expanded") is not None and not _opens_overlay(button)


def _move_label(control: Any, panel: Any) -> None:
    """Put the name of a tab before the text of its panel, and take it from the list of tabs."""
    words = collapse_whitespace(control.text_content())
    if not 0 < len(words) <= _MAX_LABEL_LENGTH:
        return
    label = panel.makeelement("p")
    label.text, label.tail, panel.text = words, panel.text, None
    panel.insert(0, label)
    for child in list(control):
        control.remove(child)
    control.text = None


def _move_labels_by_position(tab_list: Any, known: dict[Any, list[Any]]) -> None:
    """Pair the tabs of a list with the panels behind it, where neither names the other and there are as many.

    `known` keeps the panels in each element that was searched.
    """
    tabs = tab_list.xpath(".//*[@role='tab']") or tab_list.xpath("./label")
    for around in list(tab_list.iterancestors())[:2]:
        if around not in known:
            known[around] = around.xpath(_PANELS_XPATH)
        if panels := known[around]:
            if len(panels) == len(tabs):
                for tab, panel in zip(tabs, panels, strict=True):
                    _move_label(tab, panel)
            return


def _keep_words_of_button(button: Any, *, is_speaking: bool) -> None:
    """Make text of a button that is a heading, that shows a panel, or that stands in a sentence."""
    above = list(button.iterancestors())[:3]
    parent = button.getparent()
    if any(each.tag in _HEADINGS for each in above):
        button.tag = "span"
    elif is_speaking:
        button.tag = "span" if parent is not None and parent.tag in {*_SENTENCE_TAGS, "span", "a"} else "p"
    elif parent is not None and parent.tag in _SENTENCE_TAGS and (button.tail or "").strip():
        button.tag = "span"  # "Press <button>Save</button> to keep it."
