"""Staff pages of reports: make one, download it, schedules, the Word template, the quarter pack."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Agency
from survey.agencies.queries import visible_agencies
from survey.common.periods import parse_period
from survey.console.follow_up_forms import read_upload
from survey.console.forms import LongSelect, agency_choices
from survey.console.layout import page, staff_page
from survey.followup.effects import standing_editions
from survey.reports.docx import SHIPPED_TEMPLATE
from survey.reports.models import Interval, QuarterPack, Report, ReportSchedule
from survey.reports.pack_work import request_pack
from survey.reports.packs import check_pack, pack_path, report_due_on
from survey.reports.queries import own_template, visible_reports
from survey.reports.services import FORMATS, draw_report, keep_template, make_report
from survey.scorecards.models import Edition

REPORTS_PER_PAGE: Final = 50
PROVINCE: Final = "province"


class AgencyOrProvince(forms.Form):
    """On whom to report; the province for accounts of the province alone."""

    agency = forms.ChoiceField(label=pgettext_lazy("report", "About"), widget=LongSelect())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = agency_choices(visible_agencies(user), timezone.localdate())[1:]
        whole = [(PROVINCE, _("Whole province"))] if user.sees_province else []
        field = cast("forms.ChoiceField", self.fields["agency"])
        field.choices = [*whole, *((str(pk), name) for pk, name in found)]

    def chosen_agency(self) -> Agency | None:
        """The agency; None for the province."""
        chosen = self.cleaned_data["agency"]
        return None if chosen == PROVINCE else Agency.objects.get(pk=int(chosen))


class ReportForm(AgencyOrProvince):
    """A report of a released period."""

    edition = forms.ModelChoiceField(
        label=gettext_lazy("period"), queryset=Edition.objects.none(), empty_label=None
    )
    field_order = ("edition", "agency")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField", self.fields["edition"])
        editions = standing_editions()[::-1]
        field.queryset = Edition.objects.filter(pk__in=[row.pk for row in editions])
        field.choices = [(row.pk, parse_period(row.period).title) for row in editions]


class ScheduleForm(AgencyOrProvince):
    """A report for every newly released period."""

    interval = forms.ChoiceField(label=gettext_lazy("interval"), choices=Interval.choices)
    field_order = ("interval", "agency")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("make-reports")
def reports(request: HttpRequest) -> HttpResponse:
    """Reports that were made, and the form that makes one."""
    user = cast("User", request.user)
    sent = request.POST if request.method == "POST" else None
    form = ReportForm(sent, user=user)
    if sent is not None and form.is_valid():
        try:
            made = make_report(
                edition=form.cleaned_data["edition"],
                agency=form.chosen_agency(),
                by=user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(request, _("“%(report)s” has been made.") % {"report": made})
            return redirect("console:reports")
    return _reports_page(request, form, 422 if form.is_bound else 200)


def _reports_page(
    request: HttpRequest, form: ReportForm, status: int, schedule: ScheduleForm | None = None
) -> HttpResponse:
    user = cast("User", request.user)
    part = Paginator(visible_reports(user), REPORTS_PER_PAGE).get_page(request.GET.get("page"))
    own = ReportSchedule.objects.filter(owner=user).select_related("agency")
    context = {
        "form": form,
        "schedule_form": schedule or ScheduleForm(user=user, auto_id="schedule_%s"),
        "schedules": own,
        "part": part,
        "query": "",
        "formats": list(FORMATS),
        "has_template": own_template() is not None,
    }
    return page(request, "reports.html", context, status=status)


@require_safe
@staff_page
@requires("make-reports")
def report_file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A report as PDF, DOCX or XLSX."""
    report = visible_reports(cast("User", request.user)).filter(pk=pk).first()
    if report is None or kind not in FORMATS:
        raise Http404
    try:
        content = draw_report(report, kind)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("console:reports")
    response = HttpResponse(content, content_type=FORMATS[kind])
    name = f"bao-cao-{report.edition.period}-{report.pk}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@staff_page
@requires("make-reports")
def schedule(request: HttpRequest) -> HttpResponse:
    """Have a report made for every newly released period, with this account's rights then."""
    user = cast("User", request.user)
    form = ScheduleForm(request.POST, user=user, auto_id="schedule_%s")
    if form.is_valid():
        try:
            with transaction.atomic():
                ReportSchedule.objects.create(
                    owner=user,
                    agency=form.chosen_agency(),
                    interval=form.cleaned_data["interval"],
                    made_at=timezone.now(),
                )
        except IntegrityError:
            form.add_error(None, _("There is such a schedule already."))
        else:
            messages.success(request, _("The schedule has been set up."))
            return redirect("console:reports")
    return _reports_page(request, ReportForm(user=user), 422, form)


@require_POST
@staff_page
@requires("make-reports")
def end_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the account's own schedules."""
    deleted, _of = ReportSchedule.objects.filter(pk=pk, owner=cast("User", request.user)).delete()
    if not deleted:
        raise Http404
    messages.success(request, _("The schedule has been ended."))
    return redirect("console:reports")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("manage-reports")
def template(request: HttpRequest) -> HttpResponse:
    """The Word template in use: to download, edit in Word, and bring back."""
    if request.method != "POST":
        content = own_template() or SHIPPED_TEMPLATE.read_bytes()
        response = HttpResponse(content, content_type=FORMATS["docx"])
        response.headers["Content-Disposition"] = 'attachment; filename="mau-bao-cao.docx"'
        return response
    file = read_upload(request.FILES.get("file"))
    try:
        if file is None:
            raise ValidationError(_("Choose a file."))
        keep_template(
            file=file,
            by=cast("User", request.user),
            now=timezone.now(),
            sample=Report.objects.first(),
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The template is in use from now on."))
    return redirect("console:reports")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("see-previews")
def packs(request: HttpRequest) -> HttpResponse:
    """The checklist of a period, and its pack: one file with everything."""
    user, today = cast("User", request.user), timezone.localdate()
    text = request.POST.get("period") or request.GET.get("period") or _last_period()
    try:
        period = parse_period(text)
    except ValueError as error:
        raise Http404 from error
    if request.method == "POST":
        if not may(user, "manage-reports"):
            raise PermissionDenied
        try:
            request_pack(period=period.name, by=user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, _("The pack is being made."))
        return redirect(reverse("console:packs") + f"?period={period.name}")
    offered = [parse_period(row.period) for row in standing_editions()[::-1]]
    context = {
        "period": period,
        "offered": offered if period in offered else [period, *offered],
        "checks": check_pack(period, today),
        "today": today,
        "due": report_due_on(period),
        "packs": QuarterPack.objects.filter(period=period.name).select_related("asked_by"),
    }
    return page(request, "packs.html", context)


def _last_period() -> str:
    """The newest released period, else the running quarter."""
    editions = standing_editions()
    today = timezone.localdate()
    return editions[-1].period if editions else f"{today.year}-Q{(today.month + 2) // 3}"


@require_safe
@staff_page
@requires("see-previews")
def pack_file(request: HttpRequest, pk: int) -> FileResponse:
    """A finished pack."""
    found = QuarterPack.objects.filter(pk=pk).exclude(sha256="").first()
    path = pack_path(found.sha256) if found else None
    if found is None or path is None or not path.is_file():
        raise Http404
    name = f"bo-tai-lieu-{found.period}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
