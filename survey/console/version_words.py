"""Staff page: every text of a draft beside its translations, and the rule by which it is asked."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from survey.accounts.permissions import requires
from survey.common.text import TextError, clean
from survey.console.layout import page, staff_page
from survey.questionnaires.file_shape import MAX_BASIS, MAX_WORDS
from survey.questionnaires.files import texts_by_slot
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.queries import list_wordings_slots, read_form
from survey.questionnaires.services import save_legal_basis, save_wordings

BASIS: Final = "legal_basis"


def find_version(pk: int) -> Version:
    """A version by its number; everything else does not exist."""
    found = Version.objects.select_related("questionnaire", "extends").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("author-questionnaires")
def words(request: HttpRequest, pk: int) -> HttpResponse:
    """Every text of a draft beside its translations; what is empty is shown in Vietnamese."""
    found = find_version(pk)
    if found.status != VersionStatus.DRAFT:
        raise Http404
    slots = list(list_wordings_slots(read_form(found)))
    kept = texts_by_slot(found)
    faults: dict[str, str] = {}
    if request.method == "POST":
        sent = {slot: _sent(request, slot, faults) for slot in slots}
        basis = _sent_basis(request, found, faults)
        if not faults:
            changed = save_wordings(version=found, texts=sent)
            changed += save_legal_basis(version=found, text=basis)
            messages.success(request, _("Saved: %(count)s texts changed.") % {"count": changed})
            return redirect("console:version", pk=pk)
        kept, found.legal_basis = sent, basis
    rows = [
        {
            "slot": _slot_name(slot),
            "cells": [
                {
                    "name": f"{slot}:{code}",
                    "language": name,
                    "code": code,
                    "text": kept.get(slot, {}).get(code, ""),
                    "fault": faults.get(f"{slot}:{code}", ""),
                }
                for code, name in settings.LANGUAGES
            ],
        }
        for slot in slots
    ]
    context = {"version": found, "rows": rows, "basis_fault": faults.get(BASIS, "")}
    return page(request, "words.html", context, status=422 if faults else 200)


def _sent_basis(request: HttpRequest, found: Version, faults: dict[str, str]) -> str:
    """The legal basis as it was typed; the one that stands where the field did not come."""
    raw = request.POST.get(BASIS, found.legal_basis)
    try:
        text = clean(raw)
    except TextError:
        faults[BASIS] = _("This text holds characters that cannot be stored.")
        return raw
    if len(text) > MAX_BASIS:
        faults[BASIS] = _("At most %(most)s characters.") % {"most": MAX_BASIS}
    return text


def _slot_name(slot: str) -> str:
    """What a text is, in words."""
    kind, _dot, code = slot.partition(".")
    question, _dot, choice = code.partition(".")
    names = {
        "title": _("Title"),
        "intro": _("Introduction"),
        "factor": _("Factor %(code)s") % {"code": code},
        "question": _("Question %(code)s") % {"code": code},
        "option": _("Choice %(choice)s of question %(code)s")
        % {"choice": choice, "code": question},
    }
    return names.get(kind, slot)


def _sent(request: HttpRequest, slot: str, faults: dict[str, str]) -> dict[str, str]:
    texts = {}
    for code, _name in settings.LANGUAGES:
        name = f"{slot}:{code}"
        if name not in request.POST:
            continue
        raw = request.POST[name]
        try:
            texts[code] = clean(raw)
        except TextError:
            texts[code], faults[name] = raw, _("This text holds characters that cannot be stored.")
        if len(texts[code]) > MAX_WORDS:
            faults[name] = _("At most %(most)s characters.") % {"most": MAX_WORDS}
        elif not texts[code] and code == settings.LANGUAGE_CODE:
            faults[name] = _("The Vietnamese text is required.")
    return texts
