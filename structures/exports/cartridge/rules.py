"""The elements of a cartridge's XML documents, as the schemas of Common Cartridge and of its profile of QTI 1.2 say."""

from __future__ import annotations

from collections.abc import Mapping

from structures.exports.cartridge.profiles import Profile
from structures.exports.element_rules import ElementRule
from structures.exports.qti12 import QTI_NAMESPACE

_ANY: tuple[str, ...] = ()
_TEXT = ElementRule(has_text=True)
_HTML_OR_PLAIN = {"texttype": ("text/html", "text/plain")}


def build_manifest_rules(profile: Profile) -> dict[str, ElementRule]:
    """Return the rules of the manifest of a version."""
    own = {
        "manifest": ElementRule(children="metadata organizations resources ", required={"identifier": _ANY}),
        "metadata": ElementRule(children="schema schemaversion lom "),
        "schema": _TEXT,
        "schemaversion": _TEXT,
        "organizations": ElementRule(children="organization "),
        "organization": ElementRule(
            children="item ", required={"identifier": _ANY, "structure": ("rooted-hierarchy",)}
        ),
        "item": ElementRule(
            children="(?:title )?(?:item )*", required={"identifier": _ANY}, optional={"identifierref": _ANY}
        ),
        "title": _TEXT,
        "resources": ElementRule(children="(?:resource )*"),
        "resource": ElementRule(
            children="(?:file )+", required={"identifier": _ANY, "type": _ANY}, optional={"href": _ANY}
        ),
        "file": ElementRule(required={"href": _ANY}),
    }
    described = {
        "lom": ElementRule(children="general "),
        "general": ElementRule(children="title (?:description )?"),
        "title": ElementRule(children="(?:string )+"),
        "description": ElementRule(children="(?:string )+"),
        "string": ElementRule(has_text=True, optional={"language": _ANY}),
    }
    return _qualify(own, profile.namespace) | _qualify(described, profile.lom_namespace)


def build_topic_rules(profile: Profile) -> dict[str, ElementRule]:
    """Return the rules of a discussion topic of a version."""
    rules = {
        "topic": ElementRule(children="title text "),
        "title": _TEXT,
        "text": ElementRule(has_text=True, required=_HTML_OR_PLAIN),
    }
    return _qualify(rules, profile.topic_namespace)


def _qualify(rules: Mapping[str, ElementRule], namespace: str) -> dict[str, ElementRule]:
    return {f"{{{namespace}}}{name}": rule for name, rule in rules.items()}


_MATERIAL = ElementRule(children="(?:material )+")
_IDENTIFIED: Mapping[str, tuple[str, ...]] = {"ident": _ANY}
QUIZ_RULES = _qualify(
    {
        "questestinterop": ElementRule(children="assessment "),
        "assessment": ElementRule(children="qtimetadata section ", required={"ident": _ANY, "title": _ANY}),
        "qtimetadata": ElementRule(children="(?:qtimetadatafield )+"),
        "qtimetadatafield": ElementRule(children="fieldlabel fieldentry "),
        "fieldlabel": _TEXT,
        "fieldentry": _TEXT,
        "section": ElementRule(children="(?:item )+", required=_IDENTIFIED),
        "item": ElementRule(
            children="itemmetadata presentation resprocessing (?:itemfeedback )*",
            required=_IDENTIFIED,
            optional={"title": _ANY},
        ),
        "itemmetadata": ElementRule(children="qtimetadata "),
        "presentation": ElementRule(children="material response_lid "),
        "material": ElementRule(children="(?:mattext )+"),
        "mattext": ElementRule(has_text=True, required=_HTML_OR_PLAIN),
        "response_lid": ElementRule(
            children="render_choice ", required={"ident": _ANY, "rcardinality": ("Single", "Multiple")}
        ),
        "render_choice": ElementRule(children="(?:response_label )+"),
        "response_label": ElementRule(children="material ", required=_IDENTIFIED),
        "resprocessing": ElementRule(children="outcomes (?:respcondition )+"),
        "outcomes": ElementRule(children="decvar "),
        "decvar": ElementRule(
            required={"varname": ("SCORE",), "vartype": ("Decimal", "Integer")},
            optional={"minvalue": _ANY, "maxvalue": _ANY},
        ),
        "respcondition": ElementRule(
            children="conditionvar (?:setvar )*(?:displayfeedback )*", optional={"continue": ("Yes", "No")}
        ),
        "conditionvar": ElementRule(children="(?:and |not |other |varequal )"),
        "and": ElementRule(children="(?:not |varequal )+"),
        "not": ElementRule(children="varequal "),
        "other": ElementRule(),
        "varequal": ElementRule(has_text=True, required={"respident": _ANY}, optional={"case": ("Yes", "No")}),
        "setvar": ElementRule(has_text=True, required={"action": ("Set",), "varname": ("SCORE",)}),
        "displayfeedback": ElementRule(required={"feedbacktype": ("Response", "Solution", "Hint"), "linkrefid": _ANY}),
        "itemfeedback": ElementRule(children="flow_mat ", required=_IDENTIFIED),
        "flow_mat": _MATERIAL,
    },
    QTI_NAMESPACE,
)
