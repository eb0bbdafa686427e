"""The five faces for print: the same drawings as on the page, each by itself."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from django.template.loader import render_to_string

_SYMBOL: Final = re.compile(r'<symbol id="face-(\d)" viewBox="([^"]+)">(.*?)</symbol>', re.DOTALL)
_EYES: Final = re.compile(r'<g id="face-eyes">.*?</g>', re.DOTALL)


@cache
def face_pictures(ink: str) -> list[str]:
    """The faces from the lowest level to the highest, as SVG with outlines in a colour."""
    page = render_to_string("survey/citizen/faces.html")
    eyes = _EYES.search(page)
    shared = f"<defs>{eyes[0]}</defs>" if eyes else ""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" color="{ink}">'
        f"{shared}{drawing}</svg>"
        for _level, box, drawing in sorted(_SYMBOL.findall(page))
    ]
