"""Writes: which questionnaire an office or a procedure domain asks, from a day on."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import Office, ProcedureDomain
from survey.questionnaires.models import Assignment, Questionnaire
from survey.questionnaires.queries import published_version


def assign_questionnaire(
    *,
    questionnaire: Questionnaire,
    office: Office | None,
    domain: ProcedureDomain | None,
    on: date,
    by: User,
    today: date,
) -> Assignment:
    """From a day on, an office or domain asks this questionnaire.

    Raises
    ------
    ValidationError
        It names neither, the day has passed, or the questionnaire cannot be a first form.
    """
    if office is None and domain is None:
        raise ValidationError({"office": _("Choose an office, a procedure domain, or both.")})
    if on < today:
        raise ValidationError({"on": _("What was asked before today cannot be changed.")})
    version = published_version(questionnaire.code)
    if version is None or version.extends_id is not None:
        raise ValidationError(
            {"questionnaire": _("Only a published questionnaire that stands alone can be chosen.")}
        )
    return Assignment.objects.create(
        questionnaire=questionnaire, office=office, domain=domain, valid_from=on, made_by=by
    )


def withdraw_assignment(*, assignment: Assignment, today: date) -> None:
    """Take back one that has not begun; what was asked stays in the history.

    Raises
    ------
    ValidationError
        It is in force.
    """
    if assignment.valid_from <= today:
        raise ValidationError(_("This has begun. Assign the short form from a later day instead."))
    assignment.delete()
