"""A version of a questionnaire as citizens meet it, on phone and tablet; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language

from survey.citizen.assets import csp_source, kiosk_style, style
from survey.citizen.pages import citizen_page, message_page, render_page
from survey.citizen.questions import error_list, question_data, questions_data, taps, tiles
from survey.citizen.short_form import TECHNICAL
from survey.citizen.wishes import link_query
from survey.questionnaires.content import EVENT_FACTS, Form, fact_words
from survey.questionnaires.faults import find_faults
from survey.questionnaires.models import Version
from survey.questionnaires.previews import read_preview
from survey.questionnaires.queries import (
    SHORT_FORM,
    list_wordings_slots,
    read_form,
    read_wordings,
)
from survey.responses.answers import Parsed, parse

STEP: Final = "step"
"""Field that says which page of the preview is sent, from 1."""
_POLICY = {"style-src": [csp_source(style()), csp_source(kiosk_style())], "script-src": ["'none'"]}


def _find(token: str) -> tuple[Form, Mapping[str, str]] | HttpResponse:
    """The form of a preview and its words in the active language, or a page that says why not."""
    version_id = read_preview(token)
    found = Version.objects.select_related("questionnaire", "extends")
    version = found.filter(pk=version_id).first() if version_id else None
    if version is None:
        return message_page("no-page", status=404)
    if find_faults(version):
        return message_page("preview-faulty", status=409, call=False)
    form = read_form(version)
    texts = read_wordings(version.pk, get_language() or settings.LANGUAGE_CODE)
    if any(slot not in texts for slot in list_wordings_slots(form)):
        return message_page("preview-faulty", status=409, call=False)
    return form, texts


def _pages(form: Form) -> list[list[str]]:
    """Codes of the questions page by page: what is asked first and what after it, or a factor a
    page where the form goes on from another.
    """
    if form.extends:
        return [[q.code for q in questions] for questions in form.factors.values()]
    return [list(form.first_page), list(form.second_page)]


@citizen_page("GET", "HEAD", "POST", policy=_POLICY, of_device=False)
def preview_phone(request: HttpRequest, token: str) -> HttpResponseBase:
    """Page after page: what is sent decides what is asked, and is gone."""
    found = _find(token)
    if isinstance(found, HttpResponse):
        return found
    form, texts = found
    pages = _pages(form)
    if request.method != "POST":
        return _page(request, form, texts, pages[0], 1, Parsed())
    facts = {name: request.POST[name] for name in EVENT_FACTS if request.POST.get(name)}
    parsed = parse(request.POST, form.questions.values(), {*TECHNICAL, STEP, *EVENT_FACTS}, facts)
    step = min(_read_step(request), len(pages))
    faulty = next(
        (number for number in range(1, step + 1) if set(pages[number - 1]) & set(parsed.errors)), 0
    )
    known = {**parsed.answers, **facts}
    if faulty or "" in parsed.errors:
        shown = faulty or step
        asked = _applying(form, pages[shown - 1], known)
        return _page(request, form, texts, asked, shown, parsed)
    while step < len(pages):
        step += 1
        if asked := _applying(form, pages[step - 1], known):
            return _page(request, form, texts, asked, step, Parsed(sent=parsed.sent))
    again = f"{request.path}?{link_query()}"
    return message_page("preview-end", status=200, again=again, call=False)


def _read_step(request: HttpRequest) -> int:
    sent = request.POST.get(STEP, "")
    return int(sent) if sent.isascii() and sent.isdigit() and 0 < len(sent) < 3 else 1


def _applying(form: Form, codes: Sequence[str], known: Mapping[str, object]) -> list[str]:
    return [code for code in codes if form.questions[code].applies(known)]


def _page(
    request: HttpRequest,
    form: Form,
    texts: Mapping[str, str],
    codes: Sequence[str],
    step: int,
    parsed: Parsed,
) -> HttpResponse:
    asked = [form.questions[code] for code in codes]
    questions = questions_data(asked, texts, parsed.sent, parsed.errors)
    context: dict[str, Any] = {
        "title": texts["title"],
        "intro": texts["intro"],
        "questions": questions,
        "errors": error_list(questions, parsed.errors),
        "step": step,
        "rated": step > 1 and not form.extends,
        "carried": _carried(request, form, codes),
        "facts": _fact_choices(form) if step == 1 else [],
    }
    status = 422 if context["errors"] else 200
    return render_page("survey/citizen/preview.html", context, status=status)


def _carried(request: HttpRequest, form: Form, shown: Sequence[str]) -> list[tuple[str, str]]:
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
    found = _find(token)
    if isinstance(found, HttpResponse):
        return found
    form, texts = found
    overall = form.questions.get("overall")
    context = {
        "title": texts["title"],
        "faces": question_data(overall, texts, {}, {}) if overall else None,
        "tiles": tiles(form, texts) if overall else [],
        "taps": taps(form, texts) if overall else [],
        "short_form": form.questionnaire == SHORT_FORM,
        "kiosk_style": kiosk_style(),
    }
    return render_page("survey/citizen/preview_kiosk.html", context)
