"""Staff pages that change a draft of a framework by forms: its head, its lines, their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from survey.accounts.models import User
from survey.accounts.permissions import requires
from survey.console.framework_forms import HeadForm, describe_head
from survey.console.framework_line_form import FurtherForm, LineForm, build_line, describe_line
from survey.console.layout import page, staff_page
from survey.scorecards.bridge.frameworks import framework_text, shipped_frameworks
from survey.scorecards.frameworks.editing import (
    Content,
    Line,
    begin_content,
    begin_part,
    drop_line,
    find_place,
    move_line,
    put_line,
    read_content,
    write_content,
)
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import check_unused, save_framework


def _draft(pk: int) -> FrameworkFile:
    row = FrameworkFile.objects.filter(pk=pk, published_at=None).first()
    if row is None:
        raise Http404
    return row


def _keep(request: HttpRequest, content: Content, seen: str) -> FrameworkFile:
    return save_framework(
        text=write_content(content),
        by=cast("User", request.user),
        now=timezone.now(),
        replaces=seen,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("edit-frameworks")
def framework_begin(request: HttpRequest) -> HttpResponse:
    """A framework from nothing: its head by a form, with one line to go on from."""
    form = HeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            check_unused(form.cleaned_data["id"])
            made = _keep(request, begin_content(form.head()), "")
        except ValidationError as error:
            form.add_error(None, error.error_dict if hasattr(error, "error_dict") else error)
        else:
            messages.success(request, _("“%(title)s” has been saved.") % {"title": made})
            return redirect("console:framework", pk=made.pk)
    status = 422 if request.method == "POST" else 200
    return page(request, "framework_head.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("edit-frameworks")
def framework_head(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, source, kinds and days of a draft."""
    row = _draft(pk)
    content = read_content(row.text)
    sent = request.POST if request.method == "POST" else None
    form = HeadForm(sent, initial={**describe_head(content), "seen": row.sha256})
    form.fields["id"].disabled = True
    if sent is not None and form.is_valid():
        try:
            head = form.head()
            # Languages the form does not ask for stay.
            head["title"] = {**content["title"], "en": "", **head["title"]}
            head["title"] = {code: text for code, text in head["title"].items() if text}
            _keep(request, {**content, **head}, form.cleaned_data["seen"])
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("“%(title)s” has been saved.") % {"title": row})
            return redirect("console:framework", pk=pk)
    status = 422 if sent is not None else 200
    return page(request, "framework_head.html", {"form": form, "row": row}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("edit-frameworks")
def framework_line(request: HttpRequest, pk: int, code: str = "") -> HttpResponse:
    """One line of a draft, or a new one."""
    row = _draft(pk)
    content = read_content(row.text)
    before = _find_line(content, code) if code else {"parent": request.GET.get("in", "")}
    sent = request.POST if request.method == "POST" else None
    initial = {**describe_line(before), "seen": row.sha256}
    main, more = LineForm(sent, initial=initial), FurtherForm(sent, initial=initial)
    main.fields["parent"].choices = _parents(content, code)  # type: ignore[attr-defined]
    if sent is not None and main.is_valid() & more.is_valid():
        line = build_line(main, more, before)
        if line is not None and _save_line(request, content, line, code, main):
            messages.success(request, _("Line %(code)s has been saved.") % {"code": line["code"]})
            return redirect("console:framework", pk=pk)
    context = {
        "row": row,
        "code": code,
        "form": main,
        "more": more,
        "open": bool(more.errors),
        "loses": _loses_its_rule(content, before) if not code else None,
    }
    return page(request, "framework_line.html", context, status=422 if sent is not None else 200)


def _loses_its_rule(content: Content, new: Line) -> Line | None:
    """The scored line that a new part of it would turn into one scored by its parts."""
    lines = {line["code"]: line for line in content["criterion"]}
    parent = lines.get(new.get("parent", ""))
    return parent if parent and parent.get("input") else None


def _find_line(content: Content, code: str) -> Line:
    try:
        return cast("Line", content["criterion"][find_place(content, code)])
    except KeyError as error:
        raise Http404 from error


def _parents(content: Content, code: str) -> list[tuple[str, str]]:
    lines = [line for line in content["criterion"] if line["code"] != code]
    return [("", _("nothing: it is an area"))] + [
        (line["code"], f"{line['code']}. {line['title']}"[:90]) for line in lines
    ]


def _save_line(
    request: HttpRequest, content: Content, line: Line, code: str, form: LineForm
) -> bool:
    try:
        put_line(content, line, replaces=code)
        if not code and not line["input"]:
            put_line(content, begin_part(line))
        _keep(request, content, form.cleaned_data["seen"])
    except ValidationError as error:
        form.add_error(None, error.error_dict if hasattr(error, "error_dict") else error.messages)
        return False
    return True


_MOVES: dict[str, Callable[[Content, str], bool]] = {
    "up": lambda content, code: move_line(content, code, -1),
    "down": lambda content, code: move_line(content, code, 1),
    "delete": drop_line,
}


@require_POST
@staff_page
@requires("edit-frameworks")
def framework_line_act(request: HttpRequest, pk: int, code: str, action: str) -> HttpResponse:
    """Move a line before or behind the one beside it, or take it out with its parts."""
    row = _draft(pk)
    content = read_content(row.text)
    _find_line(content, code)
    try:
        if _MOVES[action](content, code):
            _keep(request, content, request.POST.get("seen", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("console:framework", pk=pk)


@require_POST
@staff_page
@requires("edit-frameworks")
def framework_copy(request: HttpRequest) -> HttpResponse:
    """A draft from a shipped framework, or the next version of a published one."""
    begin = request.POST.get("from", "")
    if begin in shipped_frameworks():
        text = framework_text(begin)
    else:
        rows = FrameworkFile.objects.exclude(published_at=None)
        found = rows.filter(pk=begin).first() if begin.isdecimal() and len(begin) < 10 else None
        if found is None:
            raise Http404
        text = found.text
    try:
        made = save_framework(text=text, by=cast("User", request.user), now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("console:frameworks")
    messages.success(request, _("“%(title)s” is a draft now.") % {"title": made})
    return redirect("console:framework", pk=made.pk)
