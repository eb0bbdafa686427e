"""Questionnaires that come with the product, to begin one of one's own from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.questionnaires.file_shape import parse_questionnaire
from survey.questionnaires.models import Questionnaire, Version
from survey.questionnaires.services import LIBRARY, make_draft

TEMPLATES: Final = {
    "counter-short": gettext_lazy("Short form at the counter: one question, then why"),
    "service-block": gettext_lazy("The 16 criteria of the SIPAS form, after the short form"),
    "education": gettext_lazy("Public education: five aspects"),
    "health": gettext_lazy("Public health: five groups of the patient survey"),
    "business": gettext_lazy("Businesses: openness, time, cost, fairness, support"),
    "late-dossier": gettext_lazy("Dossiers, with the apology asked about where one came late"),
    "arta-csm": gettext_lazy("Client satisfaction measurement (ARTA, Philippines)"),
}
"""Code of the file -> what it is for."""


def read_template(name: str) -> dict[str, Any]:
    """The data of a shipped questionnaire."""
    path = LIBRARY / f"{name}.toml"
    path = path if path.exists() else LIBRARY / "templates" / path.name
    return parse_questionnaire(Path(path).read_text(encoding="utf-8"))


@cache
def shipped_labels() -> Mapping[str, Mapping[str, str]]:
    """Factor or item of the core block -> its words by language, as the shipped form asks."""
    return {
        part["code"]: part["text"]
        for factor in read_template("service-block")["factor"]
        for part in (factor, *factor["question"])
    }


@transaction.atomic
def draft_from_template(*, template: str, code: str, title: str) -> Version:
    """A new questionnaire, as a draft, from a shipped one; its words and questions can be changed.

    Raises
    ------
    ValidationError
        There is a questionnaire with this code already.
    """
    if Questionnaire.objects.filter(code=code).exists():
        raise ValidationError(
            {"code": _("There is a questionnaire with this code. Choose another code.")}
        )
    data = read_template(template)
    words = {**data["title"], settings.LANGUAGE_CODE: title} if title else data["title"]
    try:
        with transaction.atomic():
            return make_draft(data={**data, "code": code, "title": words})
    except IntegrityError as error:
        raise ValidationError(
            {"code": _("There is a questionnaire with this code. Choose another code.")}
        ) from error
