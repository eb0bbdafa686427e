"""Staff page that leads a new province from an empty database to a first answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.access.models import CounterCode
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Agency, Counter
from survey.agencies.reorganisation import load_units, units_now
from survey.agencies.services import ensure_domains
from survey.common.province import province_name
from survey.common.text import name_order
from survey.console.layout import page, staff_page
from survey.questionnaires.queries import published_short_form
from survey.questionnaires.services import ensure_library
from survey.responses.models import Response


@dataclass(frozen=True)
class Step:
    """One step: what it is for, whether it is done, and where it is done."""

    name: str
    title: str
    text: str
    done: bool
    link: str = ""


def steps(user: User) -> list[Step]:
    """The way from an empty database to a first answer, in order."""
    code = CounterCode.objects.filter(status="active").order_by("pk").first()
    return [
        Step(
            "units",
            _("Administrative units"),
            _("Communes and wards of your province, with their history since July 2025."),
            Agency.objects.exists(),
        ),
        Step(
            "library",
            _("Questionnaires"),
            _("The short form for counters and the 16 questions, in three languages."),
            published_short_form() is not None,
        ),
        Step(
            "people",
            _("Colleagues"),
            _("Invite an approver, an author and an analyst at least: two people decide."),
            User.objects.filter(is_active=True).count() > 1,
            reverse("console:invite") if may(user, "manage-people") else "",
        ),
        Step(
            "office",
            _("First office and counter"),
            _("A place where citizens come, with one counter and its agency."),
            Counter.objects.filter(closed_on=None).exists(),
            reverse("console:office-new") if may(user, "manage-places") else "",
        ),
        Step(
            "code",
            _("Code and poster"),
            _("Issue the code of the counter and print its poster."),
            code is not None,
            reverse("console:codes"),
        ),
        Step(
            "answer",
            _("Test answer"),
            _("Scan the poster, or open the link, and answer as a citizen would."),
            Response.objects.exists(),
            f"/{code.code}" if code else "",
        ),
    ]


@require_safe
@staff_page
@requires("set-up")
def set_up(request: HttpRequest) -> HttpResponse:
    """What is done and what comes next."""
    found = steps(cast("User", request.user))
    context: dict[str, Any] = {
        "steps": found,
        "next": next((step.name for step in found if not step.done), ""),
        "province": province_name(),
        "provinces": sorted(
            ((unit.code, unit.name) for unit in units_now() if unit.parent is None),
            key=lambda pair: name_order(pair[1]),
        ),
    }
    return page(request, "set_up.html", context)


@require_POST
@staff_page
@requires("set-up")
def load_data(request: HttpRequest, what: str) -> HttpResponse:
    """Load the units of a province, or the shipped questionnaires; what is there stays."""
    if what == "library":
        ensure_domains()
        ensure_library(now=timezone.now())
        if published_short_form() is None:
            messages.error(request, _("The short form was retired. An author can bring it back."))
        else:
            messages.success(request, _("The questionnaires are there and published."))
        return redirect("console:set-up")
    known = {unit.code for unit in units_now() if unit.parent is None}
    if Agency.objects.exists():
        messages.error(
            request, _("There are units already. Another province is loaded by command.")
        )
        return redirect("console:set-up")
    if (wanted := request.POST.get("province", "")) not in known:
        messages.error(request, _("Choose your province."))
        return redirect("console:set-up")
    loaded = load_units(provinces={wanted})
    messages.success(request, _("%(count)s units are there.") % {"count": loaded.units})
    return redirect("console:set-up")
