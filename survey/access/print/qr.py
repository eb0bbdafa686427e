"""QR codes: the short address in capitals, so that the compact alphanumeric mode holds it."""

from __future__ import annotations

import io

import qrcode
import qrcode.image.svg
from django.conf import settings
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.image.pil import PilImage
from qrcode.util import MODE_ALPHA_NUM, QRData


def short_url(code: str) -> str:
    """The address as it stands on posters, slips and in links: the shorter, the easier typed."""
    return f"{settings.PUBLIC_URL}/{code}"


def printed_domain() -> str:
    """Host part citizens should compare with the address bar."""
    return str(settings.PUBLIC_URL.split("://", 1)[1])


def screen_url(code: str) -> str:
    """The address behind the changing code of a screen."""
    return f"{settings.PUBLIC_URL}/q/{code}"


def _symbol(address: str) -> qrcode.QRCode[PilImage]:
    symbol: qrcode.QRCode[PilImage] = qrcode.QRCode(
        error_correction=ERROR_CORRECT_Q, border=4, box_size=10
    )
    symbol.add_data(QRData(address.upper(), mode=MODE_ALPHA_NUM))
    symbol.make(fit=True)
    return symbol


def as_svg(code: str) -> bytes:
    """The code of a poster or slip as SVG."""
    return draw_svg(short_url(code))


def draw_svg(address: str) -> bytes:
    """An address as SVG: one path, quiet zone of four modules."""
    buffer = io.BytesIO()
    _symbol(address).make_image(image_factory=qrcode.image.svg.SvgPathFillImage).save(buffer)
    return buffer.getvalue()


def draw_text_svg(text: str) -> str:
    """Any text as it is, as SVG: to be read by a program, not opened."""
    symbol: qrcode.QRCode[PilImage] = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    symbol.add_data(text.encode(), optimize=0)
    symbol.make(fit=True)
    buffer = io.BytesIO()
    symbol.make_image(image_factory=qrcode.image.svg.SvgPathFillImage).save(buffer)
    return buffer.getvalue().decode()


def as_png(code: str) -> bytes:
    """The code as PNG, ten pixels a module."""
    buffer = io.BytesIO()
    _symbol(short_url(code)).make_image(image_factory=PilImage).save(buffer)
    return buffer.getvalue()
