"""Staff page of exports: what an account may have, why not the rest, and bundles for analysts."""

from __future__ import annotations

from typing import cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import holds_role, may, requires
from survey.common.periods import parse_period
from survey.console.approvals import ask_for
from survey.console.kept_exports import describe_schedules
from survey.console.layout import method_title, page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.console.table_files import TABLE_FILES
from survey.reports.bundles import KEPT_FOR, MIN_PURPOSE, bundle_path, clean_purpose, is_here
from survey.reports.models import AnalystBundle
from survey.scorecards.models import Edition
from survey.scorecards.queries import editions


def _name(edition: Edition) -> str:
    return f"{capfirst(parse_period(edition.period).title)}, {method_title(edition)}"


class EditionChoice(forms.ModelChoiceField):
    """Figures by period and title of their method."""

    def label_from_instance(self, obj: Edition) -> str:
        """As the table above the form has it."""
        return _name(obj)


class BundleForm(forms.Form):
    """Of which figures, for what, and why the other person should agree."""

    edition = EditionChoice(label=gettext_lazy("figures"), queryset=Edition.objects.none())
    purpose = forms.CharField(
        label=gettext_lazy("What the answers are needed for"),
        min_length=MIN_PURPOSE,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the request"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_purpose(self) -> str:
        """In one line: it is read on the page of the request and in the file."""
        return clean_purpose(self.cleaned_data["purpose"])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        released = Edition.objects.filter(withdrawn_at=None).exclude(released_at=None)
        field = cast("forms.ModelChoiceField", self.fields["edition"])
        field.queryset = released.defer("counted", "answers").order_by("-released_at")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def exports(request: HttpRequest) -> HttpResponse:
    """Tables to download at once, bundles to ask for, and what is not to be had."""
    user = cast("User", request.user)
    allowed = holds_role(user, "export-answers")
    if request.method == "POST" and not allowed:
        raise PermissionDenied
    form = BundleForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        payload = {
            "edition": form.cleaned_data["edition"].pk,
            "purpose": form.cleaned_data["purpose"],
            "receiver": user.pk,
        }
        made = ask_for(request, SENSITIVE_ACTIONS["export-answers"], payload)
        if made is not None:
            return redirect("console:approval", pk=made.pk)
    context = {
        "editions": [_describe(edition) for edition in editions(user)],
        "form": form if allowed else None,
        "bundles": _own_bundles(user) if allowed else (),
        "days": KEPT_FOR.days,
        **(describe_schedules(user) if may(user, "make-reports") else {}),
    }
    return page(request, "exports.html", context, status=422 if form.errors else 200)


def _describe(edition: Edition) -> dict[str, object]:
    """An edition with the tables of it there are."""
    return {
        "edition": edition,
        "period": parse_period(edition.period),
        "method": method_title(edition),
        "files": [
            (reverse("console:download", args=[kind], query={"edition": edition.pk}), made.label)
            for kind, made in TABLE_FILES.items()
        ],
    }


def _own_bundles(user: User) -> list[dict[str, object]]:
    now = timezone.now()
    rows = AnalystBundle.objects.filter(asked_by=user).select_related("edition", "asked_by")
    return [{"row": row, "figures": _name(row.edition), "here": is_here(row, now)} for row in rows]


@require_safe
@staff_page
@requires("export-answers")
def bundle_file(request: HttpRequest, pk: int) -> FileResponse:
    """A finished bundle, to who asked for it and to nobody else, while they may have it."""
    rows = AnalystBundle.objects.filter(pk=pk, asked_by=cast("User", request.user))
    found = rows.select_related("edition", "asked_by").first()
    if found is None or not is_here(found, timezone.now()):
        raise Http404
    path = bundle_path(found)
    rows.filter(fetched_at=None).update(fetched_at=timezone.now())
    name = f"phieu-tra-loi-{found.edition.period}-{found.pk}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
