"""Version 1 for programs: agencies, editions and figures to read, totals to send; OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Header, NinjaAPI, Path, Query
from ninja.errors import AuthenticationError, HttpError, ValidationError

from survey.accounts.api_keys import ApiKey, Scope
from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.queries import versions_on, visible_agencies
from survey.api.access import Key
from survey.api.answers import answer_with_etag, take_part, write_json
from survey.api.paging import MAX_LIMIT, read_cursor
from survey.api.problems import ApiRefusal, make_problem
from survey.api.schemas import (
    AgencyPage,
    ColumnOut,
    EditionPage,
    FigurePage,
    Problem,
    TotalsIn,
    TotalsOut,
)
from survey.api.totals import store_once
from survey.common.text import is_storable
from survey.scorecards.bridge.bundles import INDEX_COLUMNS, write_plain_index
from survey.scorecards.models import Edition
from survey.scorecards.queries import editions, find_edition, province_result, visible_results

REFUSALS: Final = {(400, 401, 403, 404, 409, 422, 429, 503): Problem}
api = NinjaAPI(
    title="Hài Lòng",
    version="1",
    urls_namespace="api-v1",
    docs_url=None,
    description="Satisfaction of citizens with public services. Keys are made on the staff pages.",
)
figures_key, totals_key = Key(Scope.FIGURES), Key(Scope.TOTALS)
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Path(ge=1, le=2**62)]


def _owner(request: HttpRequest) -> User:
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key.owner


def _read(request: HttpRequest, body: Any) -> HttpResponse:
    return answer_with_etag(request, write_json(body))


@api.get(
    "/agencies",
    auth=figures_key,
    response={200: AgencyPage, **REFUSALS},
    operation_id="list_agencies",
)
def list_agencies(
    request: HttpRequest, on: date | None = None, cursor: Cursor = "", limit: Limit = 100
) -> HttpResponse:
    """Agencies in the key's scope as they were on a day; without one as they are today."""
    rows = versions_on(on or timezone.localdate()).filter(
        agency__in=visible_agencies(_owner(request))
    )
    ordered = list(rows.select_related("parent").order_by("agency__key"))
    part, following = take_part(ordered, read_cursor(cursor), limit)
    items = [
        {
            "key": row.agency.key,
            "name": row.name,
            "kind": row.kind,
            "code": row.code,
            "parent": row.parent.key if row.parent else None,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }
        for row in part
    ]
    return _read(request, {"items": items, "next": following})


def _describe(edition: Edition) -> dict[str, Any]:
    names = ("period", "method", "method_version", "method_sha256", "snapshot_sha256")
    times = ("made_at", "released_at", "withdrawn_at")
    about = {"id": edition.pk, "state": edition.state.value}
    return about | {name: getattr(edition, name) for name in (*names, *times)}


@api.get(
    "/editions",
    auth=figures_key,
    response={200: EditionPage, **REFUSALS},
    operation_id="list_editions",
)
def list_editions(request: HttpRequest, cursor: Cursor = "", limit: Limit = 100) -> HttpResponse:
    """Editions the key's account may open, the latest period first."""
    part, following = take_part(editions(_owner(request)), read_cursor(cursor), limit)
    return _read(request, {"items": [_describe(row) for row in part], "next": following})


def _rows(request: HttpRequest, number: int, level: str = "") -> tuple[Edition, list[Any]]:
    edition = find_edition(number, _owner(request))
    if edition is None:
        raise Http404
    found = visible_results(edition, _owner(request)).order_by("agency__key")
    whole = province_result(edition)
    rows = [row for result in [*([whole] if whole else []), *found] for row in result.rows]
    return edition, [row for row in rows if not level or row["level"] == level]


@api.get(
    "/editions/{number}/figures",
    auth=figures_key,
    response={200: FigurePage, **REFUSALS},
    operation_id="list_figures",
)
def list_figures(
    request: HttpRequest,
    number: Number,
    level: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> HttpResponse:
    """Rows of an edition: the province's, then those of agencies in the key's scope."""
    part, following = take_part(_rows(request, number, level)[1], read_cursor(cursor), limit)
    return _read(request, {"items": part, "next": following})


@api.get("/editions/{number}/figures.csv", auth=figures_key, operation_id="download_figures")
def download_figures(request: HttpRequest, number: Number) -> HttpResponse:
    """All rows as CSV: UTF-8, comma, decimal point."""
    edition, rows = _rows(request, number)
    content = write_plain_index(rows, edition.about)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    return answer_with_etag(request, answer)


@api.get(
    "/codebook",
    auth=figures_key,
    response={200: list[ColumnOut], **REFUSALS},
    operation_id="read_codebook",
)
def read_codebook(request: HttpRequest) -> HttpResponse:
    """The columns of the figures."""
    columns = [{"name": name, "title_vi": title} for name, title in INDEX_COLUMNS.items()]
    return _read(request, columns)


@api.post(
    "/totals",
    auth=totals_key,
    response={200: TotalsOut, **REFUSALS},
    operation_id="send_totals",
)
def send_totals(
    request: HttpRequest,
    body: TotalsIn,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=100)],
) -> HttpResponse:
    """Store totals, all or none; the same ``Idempotency-Key`` with the same body is done once and
    answered alike for 30 days, with another body refused. What was there of an agency's month is
    replaced: send all rows of it in one request.
    """
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if not may(key.owner, "import-totals"):
        raise ApiRefusal(403, "The account of this key may not send totals.")
    if not is_storable(idempotency_key):
        raise ApiRefusal(422, "Idempotency-Key holds characters that cannot be stored.")
    return write_json(store_once(key, idempotency_key, body.rows))


@api.exception_handler(ApiRefusal)
def _refuse(request: HttpRequest, error: ApiRefusal) -> HttpResponse:
    return make_problem(error.status, error.detail, error.errors, error.retry)


@api.exception_handler(AuthenticationError)
def _refuse_stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return make_problem(401, "Send a good key: “Authorization: Bearer hl_…”.")


def _name_field(place: Sequence[str | int]) -> str:
    """``rows[1].completed``, as for faults of what a row says.

    >>> _name_field(("body", "body", "rows", 1, "completed"))
    'rows[1].completed'
    """
    parts = place[2:] if place[0] == "body" else place[1:]
    named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return named.lstrip(".") or str(place[0])


@api.exception_handler(ValidationError)
def _refuse_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"field": _name_field(fault["loc"]), "message": fault["msg"]} for fault in error.errors
    ]
    return make_problem(422, "Some fields cannot be used.", errors)


@api.exception_handler(Http404)
def _refuse_unknown(request: HttpRequest, error: Http404) -> HttpResponse:
    return make_problem(404, "There is nothing here for this key.")


@api.exception_handler(HttpError)
def _refuse_request(request: HttpRequest, error: HttpError) -> HttpResponse:
    return make_problem(error.status_code, str(error))
