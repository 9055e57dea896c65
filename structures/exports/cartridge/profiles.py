"""The versions of Common Cartridge that are written: their namespaces, and the types of resources."""

from __future__ import annotations

from dataclasses import dataclass

WEB_CONTENT = "webcontent"
# Of questions (the profile of QTI 1.2 in Common Cartridge): one choice is right, or several may be.
SINGLE_PROFILE, MULTIPLE_PROFILE = "cc.multiple_choice.v0p1", "cc.multiple_response.v0p1"
MIN_SINGLE_CHOICES = 3


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One version: `number` is that of the option, `schema_version` that of the manifest."""

    number: str
    schema_version: str
    namespace: str
    lom_namespace: str
    topic_namespace: str
    topic_type: str
    quiz_type: str


def _build_profile(number: str) -> Profile:
    code = number.replace(".", "p")
    return Profile(
        number=number,
        schema_version=f"{number}.0",
        namespace=f"http://www.imsglobal.org/xsd/imsccv{code}/imscp_v1p1",
        lom_namespace=f"http://ltsc.ieee.org/xsd/imsccv{code}/LOM/manifest",
        topic_namespace=f"http://www.imsglobal.org/xsd/imsccv{code}/imsdt_v{code}",
        topic_type=f"imsdt_xmlv{code}",
        quiz_type=f"imsqti_xmlv1p2/imscc_xmlv{code}/assessment",
    )


PROFILES = {number: _build_profile(number) for number in ("1.1", "1.3")}
