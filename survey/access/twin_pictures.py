"""The twin picture: the one on a printed poster and the one on its page are the same.

Nobody compares four letters, everybody compares a yellow lotus. Each issue of a poster carries one
of twelve subjects in one of five colours, told apart by who sees no colours too: they differ in
lightness (Okabe and Ito's palette), have an outline in ink, and are named in words. A code stuck
over another leads to a page with another picture, or with none.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.access.models import CodeStatus, CounterCode
from survey.agencies.models import Counter

INK: Final = "#14213D"
COLOURS: Final = (
    (gettext_lazy("black"), INK),
    (gettext_lazy("white"), "#FFFFFF"),
    (gettext_lazy("yellow"), "#F0E442"),
    (gettext_lazy("blue"), "#0072B2"),
    (gettext_lazy("orange"), "#D55E00"),
)
"""Name and filling of each colour."""
SUBJECTS: Final = (
    (
        gettext_lazy("lotus"),
        '<path d="M12 19C6 19 2 15 1.5 9.5c3 .3 5 1.3 6.5 3M12 19c6 0 10-4 10.5-9.5-3 .3-5 1.3-6.5'
        ' 3"/><path d="M12 19c-4.5-2-6-7-5-12 2 1 3.5 2.5 4 4M12 19c4.5-2 6-7 5-12-2 1-3.5'
        ' 2.5-4 4"/><path d="M12 3c4 4.5 4 11 0 16-4-5-4-11.5 0-16z"/>',
    ),
    (
        gettext_lazy("fish"),
        '<path d="M16 12l6-5v10z"/><path d="M1.5 12c4-7.5 12-7.5 16 0-4 7.5-12 7.5-16'
        ' 0z"/><circle cx="6.5" cy="10.5" r="1" fill="#fff"/>',
    ),
    (
        gettext_lazy("boat"),
        '<path d="M1.5 15.500h21L19 21.500H5z"/><path d="M11 13.500V2L3.5'
        ' 13.500zM13.5 13.500V4.500l6.5 9z"/>',
    ),
    (
        gettext_lazy("butterfly"),
        '<path d="M12 11C8.5 3 1.5 2.5 2 8c.3 4 5.5 5 10 3zM12 11c3.5-8 10.5-8.5 10-3-.3'
        ' 4-5.5 5-10 3z"/><path d="M12 11c-5 .5-8 4-6 8 2.5 3 6-2 6-8zM12 11c5 .5 8 4 6 8-2.5'
        ' 3-6-2-6-8z"/><path d="M12 7.500v11" fill="none" stroke-width="2"/>',
    ),
    (
        gettext_lazy("house"),
        '<path d="M4 11h16v10.500H4z"/><path d="M1.5 12 12 2.5 22.5 12z"/>'
        '<path d="M10 21.500v-6h4v6z" fill="#fff"/>',
    ),
    (
        gettext_lazy("tree"),
        '<path d="M10.5 14h3v8h-3z"/><path d="M12 2c4 0 6 2.5 5.5 5 3 .5 4 2.5 4 4.5 0'
        " 3-2.5 4.5-5 4.500h-9c-2.5 0-5-1.5-5-4.5 0-2 1-4 4-4.500C6 4.5 8 2 12 2z"
        '"/>',
    ),
    (
        gettext_lazy("sun"),
        '<path d="M12 1.500v21M1.5 12h21M4.6 4.600l14.8 14.800M19.4 4.6 4.6 19.4"'
        ' fill="none" stroke-width="2"/><circle cx="12" cy="12" r="6.5"/>',
    ),
    (
        gettext_lazy("conical hat"),
        '<path d="M8 17.500c0 3 2 4.5 4 4.500s4-1.5 4-4.5" fill="none"/>'
        '<path d="M1.5 16.5 12 3l10.5 13.500c-5 3-16 3-21 0z"/>'
        '<path d="M6.5 10.500c3 1.5 8 1.5 11 0" fill="none"/>',
    ),
    (
        gettext_lazy("umbrella"),
        '<path d="M12 12v7.500a2.3 2.3 0 0 0 4.6 0" fill="none" stroke-width="2"/>'
        '<path d="M1.5 13a10.5 10.5 0 0 1 21 0c-2-1.5-5-1.5-7 0-2-1.5-5-1.5-7'
        ' 0-2-1.5-5-1.5-7 0z"/>',
    ),
    (
        gettext_lazy("cup"),
        '<path d="M17 8.500h2.500a3.2 3.2 0 0 1 0 6.400H17" fill="none" stroke-width="2"/>'
        '<path d="M3 6h14.500v8.500a6 6 0 0 1-6 6H9a6 6 0 0 1-6-6z"/>'
        '<path d="M2 22.500h17" fill="none"/>',
    ),
    (
        gettext_lazy("bicycle"),
        '<circle cx="5.8" cy="15.8" r="4.5"/><circle cx="18.2" cy="15.8" r="4.5"/>'
        '<path d="M5.8 15.8 10 8h6l2.2 7.800M10 8l3 7.800H5.800M13 15.8 16 8M8 6.500h3.500M16'
        ' 8l-.7-2.500h3" fill="none" stroke-width="1.6"/>',
    ),
    (
        gettext_lazy("door key"),
        '<path d="M11 10.500h11.500V16H20v-2.500h-2.500V16H15v-2.500h-4z"/>'
        '<circle cx="7" cy="12" r="5.5"/><circle cx="6" cy="12" r="1.8" fill="#fff"/>',
    ),
)
"""Name and drawing of each subject, on 24 by 24."""
COUNT: Final = len(SUBJECTS) * len(COLOURS)


def name_picture(picture: int) -> str:
    """What a picture shows, in words of the active language.

    Parameters
    ----------
    picture : 0 to ``COUNT`` - 1.
    """
    subject, colour = divmod(picture, len(COLOURS))
    words = {"subject": SUBJECTS[subject][0], "colour": COLOURS[colour][0]}
    return _("%(colour)s %(subject)s") % words


def draw_picture(picture: int) -> str:
    """A picture as SVG."""
    subject, colour = divmod(picture, len(COLOURS))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" '
        f'fill="{COLOURS[colour][1]}" stroke="{INK}" stroke-width="1.2" '
        f'stroke-linejoin="round">{SUBJECTS[subject][1]}</svg>'
    )


def choose_picture(code: str, taken: Iterable[int]) -> int:
    """The picture of a new issue: none of those ``taken`` while there is another.

    By the code, so that a demonstration made twice has the same.
    """
    others = set(range(COUNT)) - set(taken) or set(range(COUNT))
    return min(others, key=lambda picture: sha256(f"twin/{code}/{picture}".encode()).digest())


def pictures_beside(counter: Counter) -> list[int]:
    """Pictures a new issue must not have: of earlier issues at its counter, and of those in use at
    its office.
    """
    earlier = CounterCode.objects.filter(counter=counter).order_by("-issue")[:5]
    beside = CounterCode.objects.filter(counter__office=counter.office_id, status=CodeStatus.ACTIVE)
    found = [*earlier.values_list("picture", flat=True), *beside.values_list("picture", flat=True)]
    return [picture for picture in found if picture is not None]
