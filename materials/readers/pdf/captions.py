"""Tell captions of figures, tables and listings by their first word, in the languages of the product."""

from __future__ import annotations

import re

_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|tab\.|listing|chart|diagram|scheme|box|plate|exhibit|"
    r"рис(?:\.|унок)|табл(?:\.|иця)|схема|лістинг|"
    r"figura|cuadro|tabla|gr[áa]fic[oa]|ilustraci[óo]n|"
    r"abb(?:\.|ildung)|tabelle|"
    r"tableau|graphique|"
    r"rys(?:\.|unek)|tabela|wykres|"
    r"quadro|tabella|grafico|"
    r"[图圖表])\s?(?:\d{1,3}|[IVX]{1,5}|[A-Z]\.?\d)(?:[.\-–]\d{1,3})*(?![\w])",
    re.IGNORECASE,
)


def is_caption(text: str) -> bool:
    """Tell whether a text begins as the caption of a figure, a table or a listing does: with its kind and number."""
    return _CAPTION.match(text) is not None
