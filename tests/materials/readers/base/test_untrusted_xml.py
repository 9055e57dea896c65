from __future__ import annotations

import pytest

from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml

PLAIN_DOCTYPE = b'<!DOCTYPE course SYSTEM "course.dtd"><course>text</course>'


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!ENTITY a "aaaa">',
        b'<!ENTITY a SYSTEM "file:///etc/passwd">',
        b'<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;',
    ],
)
@pytest.mark.parametrize("is_mended", [False, True])
def test_entities_are_refused_even_where_a_document_type_is_not(declaration: bytes, *, is_mended: bool) -> None:
    data = b"<!DOCTYPE course [" + declaration + b"]><course>text</course>"

    with pytest.raises(DoctypeDeclared):
        parse_untrusted_xml(data, is_mended=is_mended, allows_doctype=True)


def test_a_document_type_without_entities_is_passed_over_where_it_is_allowed() -> None:
    with pytest.raises(DoctypeDeclared):
        parse_untrusted_xml(PLAIN_DOCTYPE)

    assert parse_untrusted_xml(PLAIN_DOCTYPE, allows_doctype=True).text == "text"


def test_damage_is_said_with_its_line_or_mended() -> None:
    damaged = b"<course>\n<title>Salt & sand</title></course>"

    with pytest.raises(DamagedXML) as caught:
        parse_untrusted_xml(damaged)

    assert caught.value.line == 2
    assert parse_untrusted_xml(damaged, is_mended=True)[0].tag == "title"
    with pytest.raises(DamagedXML):
        parse_untrusted_xml(b"", is_mended=True)


def test_comments_and_instructions_are_left_out() -> None:
    assert len(parse_untrusted_xml(b"<a><!-- note --><?run it?><b/></a>")) == 1
