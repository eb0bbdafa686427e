"""The full form: one factor a page, by django-formtools, state carried in the page (``storage.PageStorage``)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from formtools.wizard.views import WizardView

from survey.common.guessing import PRESSED
from survey.common.languages import SWITCH
from survey.common.tokens import Ticket, ticket_of
from survey.questionnaires.content import Answer, Answers, Form, QuestionSpec
from survey.questionnaires.kinds import KINDS, AnswerError
from survey.questionnaires.queries import wordings
from survey.responses.models import Response
from survey.responses.pages import base_context, error_list, questions_data
from survey.responses.services import Place, Submission, record_response
from survey.responses.storage import FIELD

PREFIX = "full"
TECHNICAL = frozenset({FIELD, "form", PRESSED, SWITCH, "lang", "wizard_goto_step", f"{PREFIX}-current_step"})


class _Raw(forms.Widget):
    """Hands over every value sent under a name; nothing is ever rendered by it."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        return cast("MultiValueDict[str, str]", data).getlist(name)


class AnswerField(forms.Field):
    """Validates through the question's kind."""

    widget = _Raw

    def __init__(self, question: QuestionSpec) -> None:
        super().__init__(required=question.required)
        self.question = question

    def clean(self, value: Sequence[str]) -> Answer | None:
        try:
            answer = KINDS[self.question.kind].clean(value, self.question)
        except AnswerError as error:
            raise ValidationError(str(error)) from error
        if answer is None and self.required:
            raise ValidationError(_("Please choose one answer."))
        return answer


class FactorForm(forms.Form):
    """The questions of one factor; made per version by ``factor_forms``."""

    def clean(self) -> dict[str, Any]:
        unknown = set(self.data) - set(self.fields) - TECHNICAL
        if unknown:
            raise ValidationError(_("This form holds fields that do not belong to it. Please start again."))
        return self.cleaned_data


def factor_forms(form: Form) -> list[tuple[str, type[FactorForm]]]:
    """(step name, form class) per factor: the wizard's form list."""
    return [
        (factor, type("FactorForm", (FactorForm,), {question.code: AnswerField(question) for question in questions}))
        for factor, questions in form.factors.items()
    ]


class FullFormWizard(WizardView):
    """Answers to the extension of the form a response began with; ends as a revision of that response."""

    storage_name = "survey.responses.storage.PageStorage"
    form = cast("Form", None)
    receipt = ""
    base: uuid.UUID | None = None

    def get_prefix(self, request: Any, *args: Any, **kwargs: Any) -> str:
        return PREFIX

    def get_form_prefix(self, step: str | None = None, form: Any = None) -> str | None:
        return None

    def process_step(self, form: FactorForm) -> MultiValueDict[str, str]:
        data = cast("QueryDict", form.data)
        return MultiValueDict({code: data.getlist(code) for code in form.fields if code in data})

    def post(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.FILES:
            raise SuspiciousOperation("a file was sent with an answer")
        step = self.request.POST.get(f"{PREFIX}-current_step", "")
        if step not in self.form_list:
            return self.get(self.request)
        self.storage.current_step = step
        if SWITCH in self.request.POST:
            return self.render(self.get_form(data=self.request.POST), quiet=True)
        if self.request.POST.get("wizard_goto_step") in self.form_list:
            # Going back keeps what stands on this page, as far as it is an answer.
            form = self.get_form(data=self.request.POST)
            if form.is_valid():
                self.storage.set_step_data(step, self.process_step(form))
        return super().post(*args, **kwargs)

    def render(self, form: FactorForm | None = None, *, quiet: bool = False, **kwargs: Any) -> TemplateResponse:
        """The page of a step; ``quiet`` when only the language was changed: what is not answered yet is no error."""
        shown = form or self.get_form()
        context = base_context(**self._page(shown, quiet))
        status = 422 if shown.is_bound and shown.errors and not quiet else 200
        return TemplateResponse(self.request, "survey/responses/full.html", context, status=status)

    def _page(self, form: FactorForm, quiet: bool) -> dict[str, Any]:
        step, texts = self.steps.current, wordings(self.form.version_id, get_language() or settings.LANGUAGE_CODE)
        stored = form.data if form.is_bound else (self.storage.get_step_data(step) or MultiValueDict())
        sent = {code: cast("MultiValueDict[str, str]", stored).getlist(code) for code in form.fields}
        errors = {
            ("" if code == "__all__" else code): str(messages[0])
            for code, messages in ({} if quiet else form.errors).items()
        }
        questions = questions_data(self.form.factors[step], texts, sent, errors)
        return {
            "title": texts[f"factor.{step}"],
            "intro": texts["intro"],
            "questions": questions,
            "errors": error_list(questions, errors),
            "step": step,
            "step_number": self.steps.step1,
            "step_count": self.steps.count,
            "previous": self.steps.prev,
            "is_last": self.steps.current == self.steps.last,
            "action": self.request.path,
            "receipt": self.receipt,
            "switch": True,
        }

    def done(self, form_list: Sequence[FactorForm], **kwargs: Any) -> HttpResponse:
        answers: Answers = {}
        for form in form_list:
            answers |= {code: value for code, value in form.cleaned_data.items() if value is not None}
        target = HttpResponseRedirect(f"/r/{self.receipt}?lang={get_language()}", status=303)
        if answers and self.base is not None:
            base = Response.objects.get(pk=self.base)
            submission = self._submission(base, ticket_of(self.storage.data["nonce"]), answers)
            if record_response(submission=submission, revises=base).changed:
                target["Location"] += "&again=1"
        return target

    def _submission(self, base: Response, ticket: Ticket, answers: Answers) -> Submission:
        return Submission(
            ticket=ticket,
            form=self.form,
            answers=answers,
            place=Place(agency_id=base.agency_id),
            channel=base.channel,
            evidence=base.evidence,
            language=get_language() or settings.LANGUAGE_CODE,
            now=timezone.now(),
        )
