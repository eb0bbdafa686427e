"""Staff pages of questionnaires: versions, a draft's words in every language, files, what differs;
a second person publishes.
"""

from __future__ import annotations

from typing import Any, Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import holds_role, requires
from survey.console.approvals import ask_for
from survey.console.layout import page, staff_page
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.console.version_words import find_version
from survey.questionnaires.content import QuestionSpec, fact_words
from survey.questionnaires.faults import find_faults
from survey.questionnaires.file_shape import MAX_FILE_CHARACTERS
from survey.questionnaires.files import compare_versions, texts_by_slot, write_questionnaire
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.models import Assignment, Questionnaire, Version, VersionStatus
from survey.questionnaires.previews import preview_address
from survey.questionnaires.queries import complete_shares, read_form
from survey.questionnaires.services import (
    copy_to_draft,
    delete_draft,
    draft_from_text,
)

SHOWN_VERSIONS: Final = 4
"""Newest versions of each questionnaire in the list."""
DEVICES: Final = {
    "phone": gettext_lazy("As on a phone"),
    "kiosk": gettext_lazy("As on a tablet"),
}
REQUESTS: Final = {
    "publish": SENSITIVE_ACTIONS["publish-questionnaire"],
    "retire": SENSITIVE_ACTIONS["retire-questionnaire"],
}


@require_safe
@staff_page
@requires("see-languages")
def questionnaires(request: HttpRequest) -> HttpResponse:
    """Every questionnaire with its versions, the newest first, and how complete its words are."""
    rows = Questionnaire.objects.prefetch_related("versions").order_by("name")
    lines = [
        {
            "questionnaire": row,
            "versions": [
                (version, _shares(version))
                for version in sorted(row.versions.all(), key=lambda v: -v.number)[:SHOWN_VERSIONS]
            ],
        }
        for row in rows
    ]
    assignments = Assignment.objects.select_related("questionnaire", "office", "domain", "made_by")
    context = {
        "lines": lines,
        "assignments": assignments,
        "today": timezone.localdate(),
    }
    return page(request, "questionnaires.html", context)


def _shares(version: Version) -> list[tuple[str, int]]:
    """Language -> texts that are there, per hundred, rounded down."""
    shares = complete_shares(version)
    return [(name, shares[code]) for code, name in settings.LANGUAGES]


@require_safe
@staff_page
@requires("see-languages")
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its questions as citizens read them, faults, and what differs from the one in
    use.
    """
    found = find_version(pk)
    wanted = request.GET.get("words", get_language() or settings.LANGUAGE_CODE)
    known = dict(settings.LANGUAGES)
    language = wanted if wanted in known else settings.LANGUAGE_CODE
    used = found.questionnaire.versions.filter(status=VersionStatus.PUBLISHED).first()
    draft = found.status == VersionStatus.DRAFT
    context = {
        "version": found,
        "draft": draft,
        "shares": _shares(found),
        "faults": find_faults(found) if draft else [],
        "factors": _preview(found, language),
        "words": language,
        "languages": settings.LANGUAGES,
        "used": used,
        "changes": compare_versions(used, found) if used and draft else [],
        "used_by": found.questionnaire.assignments.select_related("office", "domain"),
        "previews": [
            (label, preview_address(found.pk, device)) for device, label in DEVICES.items()
        ],
        "may_ask": holds_role(cast("User", request.user), "author-questionnaires"),
    }
    return page(request, "version.html", context)


def _preview(found: Version, language: str) -> list[dict[str, Any]]:
    """Factors with questions and choices in one language; Vietnamese where words are missing."""
    every = texts_by_slot(found)
    texts = {
        slot: words.get(language) or words.get(settings.LANGUAGE_CODE, "")
        for slot, words in every.items()
    }
    with override(language):
        return [
            {
                "text": texts.get(f"factor.{code}", code),
                "questions": [
                    {
                        "code": question.code,
                        "text": texts.get(f"question.{question.code}", ""),
                        "choices": [
                            text for _value, text in KINDS[question.kind].choices(question, texts)
                        ]
                        if question.kind in KINDS
                        else [],
                        "condition": _conditions(question),
                        "required": question.required,
                    }
                    for question in questions
                ],
            }
            for code, questions in read_form(found).factors.items()
        ]


def _conditions(question: QuestionSpec) -> list[tuple[str, str]]:
    """(what, which answers) under which it is asked; facts of the event in words."""
    told = fact_words()
    return [
        (
            told[code][0] if code in told else code,
            ", ".join(told.get(code, ("", {}))[1].get(str(value), str(value)) for value in values),
        )
        for code, values in (question.shown_when or {}).items()
    ]


@require_safe
@staff_page
@requires("see-languages")
def version_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The version as a file that can be brought back."""
    found = find_version(pk)
    name = f"{found.questionnaire.code}-v{found.number}.toml"
    response = HttpResponse(
        write_questionnaire(found), content_type="application/toml; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@staff_page
@requires("author-questionnaires")
def upload(request: HttpRequest) -> HttpResponse:
    """A file becomes a draft, or the page says what is wrong in it and where."""
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > 4 * MAX_FILE_CHARACTERS:
        messages.error(request, _("Choose a TOML file of at most 800 kB."))
        return redirect("console:questionnaires")
    try:
        made = draft_from_text(text=file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        messages.error(request, _("The file is not UTF-8. Save it again as UTF-8."))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("%(version)s has been created as a draft.") % {"version": made})
        return redirect("console:version", pk=made.pk)
    return redirect("console:questionnaires")


@require_POST
@staff_page
@requires("author-questionnaires")
def change_version(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """A new draft like it, or a draft deleted."""
    found = find_version(pk)
    try:
        if action == "copy":
            pk = copy_to_draft(version=found).pk
            messages.success(
                request, _("The draft has been created. Edit it, then request publication.")
            )
        else:
            delete_draft(version=found)
            messages.success(request, _("The draft has been deleted."))
            return redirect("console:questionnaires")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except IntegrityError:
        messages.error(request, _("This questionnaire already has a draft."))
    return redirect("console:version", pk=pk)


@require_POST
@staff_page
@requires("author-questionnaires")
def ask_version(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Ask that a draft is published, or a published version retired."""
    found = find_version(pk)
    wanted = VersionStatus.DRAFT if action == "publish" else VersionStatus.PUBLISHED
    if found.status != wanted:
        raise Http404
    faults = find_faults(found) if action == "publish" else []
    for sentence in faults:
        messages.error(request, sentence)
    made = None if faults else ask_for(request, REQUESTS[action], {"version": found.pk})
    return redirect("console:approval", pk=made.pk) if made else redirect("console:version", pk=pk)
