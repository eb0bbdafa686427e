"""A version of a questionnaire as citizens meet it, on phone and tablet; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language

from survey.citizen.assets import csp_source, kiosk_style, style
from survey.citizen.pages import citizen_page, message_page, render_page
from survey.citizen.questions import error_list, question_data, questions_data
from survey.citizen.short_form import TECHNICAL
from survey.questionnaires.content import EVENT_FACTS, Form, fact_words
from survey.questionnaires.models import Version
from survey.questionnaires.previews import read_preview
from survey.questionnaires.queries import SHORT_FORM, read_form, read_wordings
from survey.responses.answers import Parsed, parse

STEP: Final = "step"
"""Field that says which page of the preview is sent."""
_POLICY = {"style-src": [csp_source(style()), csp_source(kiosk_style())], "script-src": ["'none'"]}


def _find(token: str) -> Version | None:
    version_id = read_preview(token)
    found = Version.objects.select_related("questionnaire", "extends")
    return found.filter(pk=version_id).first() if version_id else None


@citizen_page("GET", "HEAD", "POST", policy=_POLICY, of_device=False)
def preview_phone(request: HttpRequest, token: str) -> HttpResponseBase:
    """First page, second page, end: what is sent decides what is asked, and is gone."""
    version = _find(token)
    if version is None:
        return message_page("no-page", status=404)
    form, texts = read_form(version), read_wordings(version.pk, get_language() or "vi")
    if request.method != "POST":
        return _page(request, form, texts, list(form.first_page), Parsed(), first=True)
    facts = {name: request.POST[name] for name in EVENT_FACTS if request.POST.get(name)}
    parsed = parse(request.POST, form.questions.values(), {*TECHNICAL, STEP, *EVENT_FACTS}, facts)
    if parsed.errors:
        return _page(request, form, texts, list(form.first_page), parsed, first=True)
    more = [
        code
        for code, question in form.second_page.items()
        if question.applies({**parsed.answers, **facts})
    ]
    if request.POST.get(STEP) == "2" or not more:
        return message_page("preview-end", status=200, again=request.path, call=False)
    return _page(request, form, texts, more, parsed, first=False)


def _page(
    request: HttpRequest,
    form: Form,
    texts: Mapping[str, str],
    codes: list[str],
    parsed: Parsed,
    *,
    first: bool,
) -> HttpResponse:
    asked = [form.questions[code] for code in codes]
    errors = parsed.errors if first else {}
    questions = questions_data(asked, texts, parsed.sent, errors)
    carried = [] if first else _carried(request, form, codes)
    context: dict[str, Any] = {
        "title": texts.get("title", ""),
        "intro": texts.get("intro", ""),
        "questions": questions,
        "errors": error_list(questions, errors),
        "first": first,
        "carried": carried,
        "facts": _fact_choices(form) if first else [],
    }
    status = 422 if context["errors"] else 200
    return render_page("survey/citizen/preview.html", context, status=status)


def _carried(request: HttpRequest, form: Form, shown: list[str]) -> list[tuple[str, str]]:
    names = [name for name in (*form.questions, *EVENT_FACTS) if name not in shown]
    return [(name, value) for name in names for value in request.POST.getlist(name) if value]


def _fact_choices(form: Form) -> list[dict[str, Any]]:
    """What the event could tell, where a question depends on it: whoever tries chooses."""
    asked = {name for question in form.questions.values() for name in question.shown_when or {}}
    return [
        {"name": name, "label": label, "choices": values.items()}
        for name, (label, values) in fact_words().items()
        if name in asked
    ]


@citizen_page("GET", "HEAD", policy=_POLICY, of_device=False)
def preview_kiosk(request: HttpRequest, token: str) -> HttpResponseBase:
    """The face of a tablet, its two pages under each other."""
    version = _find(token)
    if version is None:
        return message_page("no-page", status=404)
    form, texts = read_form(version), read_wordings(version.pk, get_language() or "vi")
    questions = [question_data(one, texts, {}, {}) for one in form.questions.values()]
    faces = next((one for one in questions if one["code"] == "overall"), None)
    context = {
        "title": texts.get("title", ""),
        "faces": faces,
        "tiles": [one for one in questions if one["when"] and one["choices"]],
        "short_form": form.questionnaire == SHORT_FORM,
        "kiosk_style": kiosk_style(),
    }
    return render_page("survey/citizen/preview_kiosk.html", context)
