"""What every staff page shares: sign-in, language, scope, the frame, and the edition or result an
address asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, override

from survey.accounts.models import User
from survey.accounts.permissions import allowed
from survey.agencies.models import AgencyKind
from survey.common.languages import requested_language, staff_language
from survey.console.sections import navigation
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import find_edition, visible_results

View = Callable[..., HttpResponseBase]


def staff_page(view: View) -> View:
    """Signed-in staff only, in the account's language; pages are never kept by caches."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with override(
            staff_language(requested_language(request, default=cast("User", request.user).language))
        ):
            response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return login_required(inner)


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A staff page with the frame every page has."""
    frame = page_frame(request, template)
    return render(request, f"survey/console/{template}", {**frame, **context}, status=status)


def page_frame(request: HttpRequest, template: str) -> dict[str, Any]:
    """What every staff page shows around its content."""
    user = cast("User", request.user)
    return {
        "language": get_language(),
        "scope": str(user.agency) if user.agency else None,
        "navigation": navigation(user, template.removesuffix(".html")),
        "may": allowed(user),
    }


def chosen_edition(request: HttpRequest) -> Edition | None:
    """The edition an address asks for, or the newest; None when there is none yet."""
    wanted = request.GET.get("edition", "")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None
    found = find_edition(number, cast("User", request.user))
    if wanted and found is None:
        raise Http404
    return found


def method_title(edition: Edition) -> str:
    """Title of the edition's method in the active language."""
    title = "method_title" if get_language() == "vi" else "method_title_en"
    return str(edition.about.get(title, edition.method))


def kind_labels() -> list[tuple[str, str]]:
    """Kinds of agency with their names."""
    return [(value, str(label).capitalize()) for value, label in AgencyKind.choices]


def chosen_result(request: HttpRequest, pk: int) -> AgencyResult:
    """A result in the account's scope; everything else does not exist."""
    found = AgencyResult.objects.select_related("edition").filter(pk=pk).first()
    user = cast("User", request.user)
    if (
        found is None
        or find_edition(found.edition_id, user) is None
        or found not in visible_results(found.edition, user)
    ):
        raise Http404
    return found
