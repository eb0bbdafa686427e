"""Staff pages of files: bring one, look at what is in it, have it taken, undo it; the history."""

from __future__ import annotations

import csv
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.asking_again import must_ask_again, suspend
from survey.accounts.audit import record_event
from survey.accounts.middleware import mark_suspended
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.common.text import plain_cell
from survey.console.counters import attached
from survey.console.layout import page, staff_page
from survey.console.table_files import TABLE_FILES
from survey.imports.kinds import KINDS
from survey.imports.kinds.base import ImportKind
from survey.imports.models import FileImport, ImportState
from survey.imports.services import (
    discard_file,
    read_faults,
    receive_file,
    take_file,
    tell_once,
    undo_file,
)
from survey.transactions.headings import TITLES
from survey.transactions.models import SourceSystem
from survey.transactions.reading import MAX_FILE_BYTES
from survey.transactions.template import template_csv, template_xlsx

FILES_PER_PAGE: Final = 50
MAX_SHOWN: Final = 100
"""Lines of faults and of what is replaced on a page; the file of faults holds them all."""


def list_kinds(user: User) -> list[ImportKind]:
    """Kinds of file an account may bring."""
    return [kind for kind in KINDS.values() if may(user, kind.permission)]


def _visible(user: User) -> QuerySet[FileImport]:
    """Files of kinds the account may bring; who has a branch only sees the own ones."""
    found = FileImport.objects.select_related("brought_by").filter(
        kind__in=[kind.key for kind in list_kinds(user)]
    )
    return found if user.sees_province else found.filter(brought_by=user)


def _kind(request: HttpRequest, name: str) -> ImportKind:
    kind = KINDS[name]
    if not may(cast("User", request.user), kind.permission):
        raise PermissionDenied
    return kind


def _find(request: HttpRequest, pk: int) -> FileImport:
    row = _visible(cast("User", request.user)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_safe
@staff_page
@requires("import-files")
def imports(request: HttpRequest) -> HttpResponse:
    """What can be brought, and what was."""
    user = cast("User", request.user)
    kinds = list_kinds(user)
    part = Paginator(_visible(user), FILES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"kinds": kinds, "part": part, "lines": _lines(list(part))}
    return page(request, "imports.html", context)


def _lines(rows: list[FileImport]) -> list[dict[str, Any]]:
    return [{"row": row, "label": KINDS[row.kind].label} for row in rows]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def import_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Bring a file of one kind."""
    found = _kind(request, kind)
    user, fault = cast("User", request.user), ""
    if request.method == "POST":
        try:
            row = _receive(request, found)
        except ValidationError as error:
            fault = error.messages[0]
        else:
            return redirect("console:import", pk=row.pk)
    context = {
        "kind": found,
        "fault": fault,
        "columns": [
            (TITLES[name], text) for name, text in zip(found.columns, found.explain(), strict=True)
        ],
        "sources": SourceSystem.objects.filter(active=True).order_by("name")
        if found.key == "events"
        else None,
        "lines": _lines(list(_visible(user).filter(kind=kind)[:10])),
    }
    return page(request, "import_kind.html", context, status=422 if fault else 200)


def _receive(request: HttpRequest, kind: ImportKind) -> FileImport:
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError(_("Choose a file."))
    options: dict[str, Any] = {}
    if kind.key == "events":
        sent = request.POST.get("source", "")
        known = SourceSystem.objects.filter(active=True)
        source = known.filter(pk=sent).first() if sent.isascii() and sent.isdigit() else None
        if source is None:
            raise ValidationError(_("Choose the case system the file comes from."))
        options["source"] = source.pk
    row = receive_file(
        kind=kind,
        content=file.read(MAX_FILE_BYTES + 1),
        file_name=file.name or "",
        options=options,
        by=cast("User", request.user),
        now=timezone.now(),
    )
    record_event(request, "import-file", thing=f"import {row.pk}", detail=_name(row))
    return row


def _name(row: FileImport) -> str:
    return f"{KINDS[row.kind].label}: {row.file_name}, SHA-256 {row.sha256[:16]}"


@require_safe
@staff_page
@requires("import-files")
def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: what is in it, what is wrong, what would go, and the buttons."""
    row, user = _find(request, pk), cast("User", request.user)
    faults = read_faults(row)
    kind, found = KINDS[row.kind], row.found
    mine = row.brought_by_id == user.pk
    context = {
        "row": row,
        "kind": kind,
        "found": found,
        "faults": faults[:MAX_SHOWN],
        "more_faults": max(0, len(faults) - MAX_SHOWN),
        "replaced": found.get("replaced", [])[:MAX_SHOWN],
        "more_replaced": max(0, len(found.get("replaced", [])) - MAX_SHOWN),
        "mine": mine,
        "waits": mine and (row.state == ImportState.READY or row.is_stuck(timezone.now())),
        "can_undo": kind.can_undo and row.state == ImportState.DONE,
        "has_links": mine and row.told_sealed is not None,
    }
    return page(request, "import.html", context)


@require_safe
@staff_page
@requires("import-files")
def import_faults(request: HttpRequest, pk: int) -> HttpResponse:
    """The faults as a file, to be worked through beside the table."""
    row = _find(request, pk)
    response = HttpResponse("\ufeff", content_type=TABLE_FILES["csv"].content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="loi-{row.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow([_("Row"), _("Column"), _("Fault")])
    for fault in read_faults(row):
        writer.writerow([fault.row, plain_cell(fault.title), plain_cell(fault.message)])
    return response


@require_POST
@staff_page
@requires("import-files")
def decide_import(request: HttpRequest, pk: int, action: str) -> HttpResponseBase:
    """Have a file taken, throw it away, undo it, or see its links once."""
    row, user, now = _find(request, pk), cast("User", request.user), timezone.now()
    kind = KINDS[row.kind]
    if kind.asks_again and action in ("take", "links") and must_ask_again(request):
        return mark_suspended(suspend(request))
    told: list[list[str]] = []
    try:
        if action == "take":
            take_file(row=row, by=user, now=now)
            messages.success(request, _("The file is being imported."))
        elif action == "discard":
            discard_file(row=row, by=user, now=now)
            messages.success(request, _("The file has been discarded."))
        elif action == "undo":
            undo_file(row=row, now=now)
            messages.success(request, _("The import has been undone."))
        else:
            told = tell_once(row=row, by=user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("console:import", pk=pk)
    record_event(request, f"import-{action}", thing=f"import {row.pk}", detail=_name(row))
    if action == "links":
        return page(request, "import_links.html", {"row": row, "told": told})
    return redirect("console:import", pk=pk)


@require_safe
@staff_page
def import_template(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """The file to fill in."""
    found = _kind(request, kind)
    name = f"mau-{found.key}.{form}"
    if form == "csv":
        return attached(template_csv(found.columns), TABLE_FILES[form].content_type, name)
    return attached(
        template_xlsx(found.columns, found.explain()), TABLE_FILES[form].content_type, name
    )
