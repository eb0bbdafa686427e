"""Staff pages: improvements to tell citizens of, and the languages they can read."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.improvements import Improvement
from survey.agencies.queries import visible_agencies
from survey.common.catalogues import completeness
from survey.console.forms import ImprovementForm
from survey.console.layout import page, staff_page
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.queries import complete_shares


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def improvements(request: HttpRequest) -> HttpResponse:
    """Write down what was changed; another person approves it before citizens see it."""
    user = cast("User", request.user)
    agencies = visible_agencies(user)
    if request.method == "POST" and not may(user, "write-improvements"):
        raise PermissionDenied
    begun = {"said": request.GET.get("said", "")[:200], "agency": request.GET.get("agency", "")}
    form = ImprovementForm(
        request.POST or None, agencies=agencies, today=timezone.localdate(), initial=begun
    )
    if request.method == "POST" and form.is_valid():
        row = form.save(commit=False)
        row.author = user
        row.save()
        messages.success(request, _("Saved. Citizens see it once another person has approved it."))
        return redirect("console:improvements")
    rows = Improvement.objects.select_related("agency", "author", "approved_by").filter(
        agency__in=agencies
    )[:200]
    status = 422 if form.errors else 200
    return page(
        request, "improvements.html", {"form": form, "rows": rows, "me": user}, status=status
    )


@require_POST
@staff_page
@requires("approve-improvements")
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve what somebody else wrote."""
    user = cast("User", request.user)
    row = Improvement.objects.filter(pk=pk, agency__in=visible_agencies(user)).first()
    if row is None:
        raise Http404
    if row.author_id == user.pk:
        messages.error(request, _("Somebody other than the author must approve it."))
    elif row.author.agency_id == user.agency_id:
        messages.error(request, _("Somebody from a body other than the author's must approve it."))
    else:
        Improvement.objects.filter(pk=pk, approved_at=None).update(
            approved_by=user, approved_at=timezone.now()
        )
        messages.success(request, _("Approved. Citizens can see it now."))
    return redirect("console:improvements")


@require_safe
@staff_page
@requires("see-languages")
def languages(request: HttpRequest) -> HttpResponse:
    """How complete each language is: pages and posters, and each questionnaire in use or in
    draft.
    """
    versions = (
        Version.objects.select_related("questionnaire")
        .exclude(status=VersionStatus.RETIRED)
        .order_by("pk")
    )
    shares = [(str(version), complete_shares(version)) for version in versions]
    lines = [
        {
            "name": name,
            "code": code,
            "pages": completeness(code),
            "forms": [(version, share[code]) for version, share in shares],
        }
        for code, name in settings.LANGUAGES
    ]
    return page(request, "languages.html", {"lines": lines})
