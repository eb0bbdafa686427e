"""Staff pages with pictures: one page of an edition, and each picture as SVG or PDF. Scope as
everywhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, cast

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from survey.accounts.models import User
from survey.common.periods import parse_period
from survey.console.layout import (
    chosen_edition,
    chosen_result,
    kind_labels,
    method_title,
    page,
    staff_page,
)
from survey.questionnaires.queries import newest_version, periods_reworded
from survey.scorecards.bridge.charts import agency_charts, comparison_charts, draw
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import editions, province_result, results_over_time, visible_results

TYPES: Final = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}


def picture_language() -> str:
    """Language of pictures: English for English readers, Vietnamese otherwise."""
    return "en" if get_language() == "en" else "vi"


# An edition never changes, so its pictures may be kept; the scope of the account is a part of the
# key.
@lru_cache(maxsize=32)
def _pictures(
    edition_id: int, results: tuple[int, ...], kind: str, language: str
) -> dict[str, Any]:
    edition = Edition.objects.get(pk=edition_id)
    found = AgencyResult.objects.filter(pk__in=results)
    rows = [row for result in found for row in result.rows]
    return comparison_charts(rows=rows, about=edition.about, kind=kind, language=language)


@lru_cache(maxsize=64)
def _agency_pictures(result_id: int, language: str, newest: str) -> dict[str, Any]:
    del newest  # a part of the key only: a new edition adds a period to the trend, words a mark
    result = AgencyResult.objects.select_related("edition", "agency").get(pk=result_id)
    whole = province_result(result.edition)
    rows = [row for part in (result, whole) if part for row in part.rows]
    history = [
        (edition.period, edition.method_sha256, mine, province)
        for edition, mine, province in results_over_time(result)
    ]
    key = result.agency.key if result.agency else ""
    return agency_charts(
        rows=rows,
        history=history,
        about=result.edition.about,
        agency=key,
        language=language,
        reworded=periods_reworded([period for period, *_rest in history]),
    )


@lru_cache(maxsize=128)
def _drawn(text: str, kind: str, scope: tuple[Any, ...], name: str) -> bytes:
    del text  # a part of the key only: another text is another picture
    return (
        draw(_pictures(*scope)[name], kind)
        if len(scope) == 4
        else draw(_agency_pictures(*scope)[name], kind)
    )


def _scope(request: HttpRequest, edition: Edition) -> tuple[Any, ...]:
    visible = visible_results(edition, cast("User", request.user))
    kind = request.GET.get("kind", "")
    kinds = [value for value, _label in kind_labels()]
    results = tuple(visible.order_by("pk").values_list("pk", flat=True))
    return edition.pk, results, kind if kind in kinds else "", picture_language()


def _agency_scope(result: AgencyResult) -> tuple[int, str, str]:
    # Everything the trend stands on: a release or a withdrawal makes another picture.
    about = Edition.objects.aggregate(
        newest=Max("pk"), released=Max("released_at"), withdrawn=Max("withdrawn_at")
    )
    key = f"{about['newest']} {about['released']} {about['withdrawn']} {newest_version()}"
    return result.pk, picture_language(), key


def _image(text: str, kind: str, scope: tuple[Any, ...], name: str) -> HttpResponse:
    response = HttpResponse(_drawn(text, kind, scope, name), content_type=TYPES[kind])
    disposition = "inline" if kind == "svg" else "attachment"
    response.headers["Content-Disposition"] = f'{disposition}; filename="{name}.{kind}"'
    return response


@require_safe
@staff_page
def pictures(request: HttpRequest) -> HttpResponse:
    """All pictures of an edition for one kind of agency, each with its text alternative."""
    edition = chosen_edition(request)
    if edition is None:
        return page(request, "empty.html", {})
    visible = visible_results(edition, cast("User", request.user))
    present = set(visible.values_list("kind", flat=True))
    kinds = [(value, label) for value, label in kind_labels() if value in present]
    wanted = request.GET.get("kind", "")
    kind = wanted if wanted in present else next(iter(value for value, _label in kinds), "")
    scope = (
        edition.pk,
        tuple(visible.order_by("pk").values_list("pk", flat=True)),
        kind,
        picture_language(),
    )
    titles = {
        "index": _("Index with 95% interval"),
        "ranks": _("Possible ranks"),
        "funnel": _("Funnel plot"),
        "levels": _("Five levels of the overall question"),
        "coverage": _("Response rate by month"),
    }
    found = _pictures(*scope)
    context = {
        "edition": edition,
        "editions": editions(cast("User", request.user)),
        "period": parse_period(edition.period),
        "method_title": method_title(edition),
        "kind": kind,
        "kinds": kinds,
        "pictures": [
            (name, title, found[name].text) for name, title in titles.items() if name in found
        ],
    }
    return page(request, "pictures.html", context)


@require_safe
@staff_page
def picture(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """One picture of an edition."""
    edition = chosen_edition(request)
    if edition is None:
        raise Http404
    scope = _scope(request, edition)
    found = _pictures(*scope).get(name)
    if found is None:
        raise Http404
    return _image(found.text, kind, scope, name)


@require_safe
@staff_page
def agency_picture(request: HttpRequest, pk: int, name: str, kind: str) -> HttpResponse:
    """One picture of an agency."""
    result = chosen_result(request, pk)
    scope = _agency_scope(result)
    found = _agency_pictures(*scope).get(name)
    if found is None:
        raise Http404
    return _image(found.text, kind, scope, name)


def pictures_of_agency(result: AgencyResult) -> list[tuple[str, str, str]]:
    """(name, title, text alternative) of the pictures an agency's page shows."""
    titles = {"profile": _("Factors beside the province"), "trend": _("Index over the periods")}
    found = _agency_pictures(*_agency_scope(result))
    return [(name, title, found[name].text) for name, title in titles.items() if name in found]
