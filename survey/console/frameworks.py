"""Staff pages of frameworks: what there is, one in full, drafts as text, publication by two."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import AgencyKind
from survey.console.approvals import ask_for
from survey.console.framework_words import framework_lines, plain
from survey.console.layout import page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.scorecards.bridge.frameworks import (
    Framework,
    framework_text,
    read_framework,
    shipped_frameworks,
)
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import (
    MAX_FRAMEWORK_BYTES,
    decode_framework,
    delete_draft,
    save_framework,
)


class FrameworkForm(forms.Form):
    """The text of a framework, and the checksum of the draft it was opened from."""

    replaces = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("framework"),
        max_length=MAX_FRAMEWORK_BYTES,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 40, "class": "code", "spellcheck": "false", "wrap": "off"}
        ),
    )


def _kinds(kinds: Any) -> str:
    names = dict(AgencyKind.choices)
    return ", ".join(str(names.get(kind, kind)) for kind in kinds) or _("all kinds of agency")


def _title(framework: Framework) -> str:
    vietnamese = framework.titles["vi"]
    return vietnamese if get_language() == "vi" else framework.titles.get("en", vietnamese)


def _readable(user: User) -> QuerySet[FrameworkFile]:
    """Published ones for everybody; drafts for who may see what is not released."""
    rows = FrameworkFile.objects.select_related("brought_by")
    return rows if may(user, "see-previews") else rows.exclude(published_at=None)


def _chosen(request: HttpRequest, pk: int) -> FrameworkFile:
    row = _readable(cast("User", request.user)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_safe
@staff_page
def frameworks(request: HttpRequest) -> HttpResponse:
    """The province's frameworks, and the ones to begin from."""
    return _list_page(request)


def _list_page(request: HttpRequest, status: int = 200, **sent: Any) -> HttpResponse:
    user = cast("User", request.user)
    context = {
        "own": [
            {
                "row": row,
                "total": plain(read_framework(row.text).total),
                "kinds": _kinds(row.kinds),
            }
            for row in _readable(user)
        ],
        "shipped": [
            {
                "name": name,
                "title": _title(framework),
                "kinds": _kinds(framework.applies_to),
                "total": plain(framework.total),
                "lines": len(framework.leaves()),
                "source": framework.source,
            }
            for name, framework in shipped_frameworks().items()
        ],
        **sent,
    }
    return page(request, "frameworks.html", context, status=status)


@require_safe
@staff_page
def framework(request: HttpRequest, pk: int) -> HttpResponse:
    """One framework in full: lines, points, rules, owners."""
    row = _chosen(request, pk)
    found = read_framework(row.text)
    context = {
        "row": row,
        "edits": row.published_at is None and may(cast("User", request.user), "edit-frameworks"),
        "remarks": "#" in row.text,
        "title": _title(found),
        "framework": found,
        "lines": framework_lines(found),
        "kinds": _kinds(row.kinds),
        "total": plain(found.total),
        "bands": [(plain(edge), name) for edge, name in found.bands],
    }
    return page(request, "framework.html", context)


@require_safe
@staff_page
def shipped_framework(request: HttpRequest, name: str) -> HttpResponse:
    """A framework that comes with the product, in full."""
    found = shipped_frameworks().get(name)
    if found is None:
        raise Http404
    context = {
        "name": name,
        "title": _title(found),
        "framework": found,
        "lines": framework_lines(found),
        "kinds": _kinds(found.applies_to),
        "total": plain(found.total),
        "bands": [(plain(edge), band) for edge, band in found.bands],
    }
    return page(request, "framework.html", context)


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/toml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.toml"'
    return response


@require_safe
@staff_page
def framework_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file of a framework."""
    row = _chosen(request, pk)
    return _file(row.text, f"{row.code}-v{row.version}")


@require_safe
@staff_page
def shipped_file(request: HttpRequest, name: str) -> HttpResponse:
    """The file of a framework that comes with the product."""
    if name not in shipped_frameworks():
        raise Http404
    return _file(framework_text(name), name)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("edit-frameworks")
def framework_new(request: HttpRequest) -> HttpResponse:
    """A draft from nothing, or from a shipped or published one."""
    if request.method == "POST":
        return _save(request)
    text = ""
    begin = request.GET.get("from", "")
    if begin in shipped_frameworks():
        text = framework_text(begin)
    elif begin.isascii() and begin.isdigit() and len(begin) < 10:
        text = _chosen(request, int(begin)).text
    return _edit_page(request, FrameworkForm(initial={"text": text}))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("edit-frameworks")
def framework_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The text of a draft; a published one becomes the draft of the next version."""
    row = _chosen(request, pk)
    if request.method == "POST":
        return _save(request, row)
    replaces = row.sha256 if row.published_at is None else ""
    return _edit_page(request, FrameworkForm(initial={"text": row.text, "replaces": replaces}), row)


def _edit_page(
    request: HttpRequest, form: FrameworkForm, row: FrameworkFile | None = None, status: int = 200
) -> HttpResponse:
    return page(request, "framework_edit.html", {"form": form, "row": row}, status=status)


def _save(request: HttpRequest, row: FrameworkFile | None = None) -> HttpResponse:
    form = FrameworkForm(request.POST)
    if form.is_valid():
        try:
            made = save_framework(
                text=form.cleaned_data["text"],
                by=cast("User", request.user),
                now=timezone.now(),
                replaces=form.cleaned_data["replaces"],
            )
        except ValidationError as error:
            for told in error.messages:
                form.add_error("text", told)
        else:
            messages.success(request, _("“%(title)s” has been saved.") % {"title": made})
            return redirect("console:framework", pk=made.pk)
    return _edit_page(request, form, row, 422)


@require_POST
@staff_page
@requires("edit-frameworks")
def framework_upload(request: HttpRequest) -> HttpResponse:
    """A framework file as a draft."""
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > MAX_FRAMEWORK_BYTES:
        return _list_page(request, 422, faults=[_("Choose a TOML file of at most 256 kB.")])
    try:
        text = decode_framework(file.read())
        made = save_framework(text=text, by=cast("User", request.user), now=timezone.now())
    except ValidationError as error:
        return _list_page(request, 422, faults=error.messages)
    messages.success(request, _("“%(title)s” has been saved.") % {"title": made})
    return redirect("console:framework", pk=made.pk)


@require_POST
@staff_page
@requires("edit-frameworks")
def framework_act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Ask for publication or retirement, or throw a draft away."""
    row = _chosen(request, pk)
    if action == "delete":
        try:
            delete_draft(framework=row)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("console:framework", pk=row.pk)
        messages.success(request, _("The draft “%(title)s” has been deleted.") % {"title": row})
        return redirect("console:frameworks")
    payload = {"framework": row.pk, "sha256": row.sha256}
    made = ask_for(request, SENSITIVE_ACTIONS[f"{action}-framework"], payload)
    if made is None:
        return redirect("console:framework", pk=row.pk)
    return redirect("console:approval", pk=made.pk)
