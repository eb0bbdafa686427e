"""The full form: one factor a page, by django-formtools, state carried in the page
(``page_state.PageStorage``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, SuspiciousOperation, ValidationError
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from formtools.wizard.views import WizardView

from survey.citizen.kept_pages import fill_page
from survey.citizen.pages import base_context
from survey.citizen.questions import error_list, questions_data
from survey.citizen.receipts.page_state import FIELD
from survey.citizen.short_form import lookup_pass_field
from survey.citizen.wishes import link_query
from survey.common.languages import SWITCH
from survey.common.throttling import CONFIRM_FIELD
from survey.questionnaires.content import Answer, Form, QuestionSpec
from survey.questionnaires.kinds import KINDS, AnswerError
from survey.questionnaires.queries import wordings
from survey.responses.models import Response
from survey.responses.parts import open_part, store_part

PREFIX = "full"
STOP = "stop"
TEMPLATE = "survey/citizen/full.html"
TECHNICAL = frozenset(
    {
        FIELD,
        "form",
        CONFIRM_FIELD,
        SWITCH,
        STOP,
        "lang",
        "wizard_goto_step",
        f"{PREFIX}-current_step",
    }
)


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
            raise ValidationError(
                _("This form holds fields that do not belong to it. Please start again.")
            )
        return self.cleaned_data


_made: dict[int, tuple[Form, list[tuple[str, type[FactorForm]]]]] = {}
"""By version, with the form they were made of."""


def factor_forms(form: Form) -> list[tuple[str, type[FactorForm]]]:
    """(step name, form class) per factor: the wizard's form list, made once while the form is the
    same.
    """
    known = _made.get(form.version_id)
    if known is None or known[0] is not form:
        known = _made[form.version_id] = form, _make_forms(form)
    return known[1]


def _make_forms(form: Form) -> list[tuple[str, type[FactorForm]]]:
    return [
        (
            factor,
            type(
                "FactorForm",
                (FactorForm,),
                {question.code: AnswerField(question) for question in questions},
            ),
        )
        for factor, questions in form.factors.items()
    ]


class FullFormWizard(WizardView):
    """Answers to the extension of the form a response began with; every part is a revision of that
    response.
    """

    storage_name = "survey.citizen.receipts.page_state.PageStorage"
    form = cast("Form", None)
    receipt = ""
    row = cast("Response", None)

    def get_prefix(self, request: Any, *args: Any, **kwargs: Any) -> str:
        return PREFIX

    def get_form_prefix(self, step: str | None = None, form: Any = None) -> str | None:
        return None

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The first part without an answer."""
        self.storage.reset()
        self.storage.data["version"] = self.form.version_id
        self.storage.current_step = open_part(self.form, self.row.answers) or self.steps.first
        return self.render()

    def process_step(self, form: FactorForm) -> MultiValueDict[str, str]:
        """Store the part, and what the page shows of it when one comes back."""
        self._store(form)
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
        if STOP in self.request.POST:
            return self._stop()
        if self.request.POST.get("wizard_goto_step") in self.form_list:
            # Going back keeps what stands on this page, as far as it is an answer.
            form = self.get_form(data=self.request.POST)
            form.is_valid()
            if NON_FIELD_ERRORS not in form.errors:
                self.storage.set_step_data(step, self.process_step(form))
        return super().post(*args, **kwargs)

    def _stop(self) -> HttpResponse:
        """Send what is answered and leave; a question left open holds nobody."""
        form = self.get_form(data=self.request.POST)
        form.is_valid()
        if any(code == NON_FIELD_ERRORS or self.request.POST.getlist(code) for code in form.errors):
            return self.render(form)
        self.process_step(form)
        return self.render_done(form)

    def render(
        self, form: FactorForm | None = None, *, quiet: bool = False, **kwargs: Any
    ) -> HttpResponse:
        """The page of a step; ``quiet`` when only the language was changed: what is not answered
        yet is no error.
        """
        if form is None and not self.storage.get_step_data(self.steps.current):
            return self._render_kept()
        shown = form or self.get_form()
        context = base_context(**self._page(shown, self._words(), quiet=quiet))
        status = 422 if shown.is_bound and shown.errors and not quiet else 200
        return TemplateResponse(self.request, TEMPLATE, context, status=status)

    def render_next_step(self, form: FactorForm, **kwargs: Any) -> HttpResponse:
        """A part that was not opened before is shown without its form: the page is kept."""
        step = self.steps.next
        if self.storage.get_step_data(step):
            return cast("HttpResponse", super().render_next_step(form, **kwargs))
        self.storage.current_step = step
        return self.render()

    def _render_kept(self) -> HttpResponse:
        key = "full", self.form.version_id, self.steps.current, link_query()

        def draw(marks: Mapping[str, str]) -> str:
            return render_to_string(TEMPLATE, base_context(**self._page(self.get_form(), marks)))

        return fill_page(self.request, key, draw, self._words())

    def _words(self) -> dict[str, str]:
        """What is different on everybody's page."""
        return {
            "receipt": self.receipt,
            "pass": lookup_pass_field(self.receipt)[CONFIRM_FIELD],
            "state": self.storage.dump(),
        }

    def _page(
        self, form: FactorForm, words: Mapping[str, str], *, quiet: bool = False
    ) -> dict[str, Any]:
        step, texts = (
            self.steps.current,
            wordings(self.form.version_id, get_language() or settings.LANGUAGE_CODE),
        )
        stored = (
            form.data if form.is_bound else (self.storage.get_step_data(step) or MultiValueDict())
        )
        sent = {
            code: cast("MultiValueDict[str, str]", stored).getlist(code) for code in form.fields
        }
        errors = {
            ("" if code == NON_FIELD_ERRORS else code): str(messages[0])
            for code, messages in ({} if quiet else form.errors).items()
        }
        questions = questions_data(self.form.factors[step], texts, sent, errors)
        return {
            "title": texts[f"factor.{step}"],
            "intro": texts["intro"],
            "questions": questions,
            "errors": error_list(questions, errors),
            "step": step,
            "steps": list(self.form.factors),
            "step_number": self.steps.step1,
            "step_count": self.steps.count,
            "previous": self.steps.prev,
            "is_last": self.steps.current == self.steps.last,
            "action": f"/r/{words['receipt']}/full",
            "state": words["state"],
            "hidden": [(CONFIRM_FIELD, words["pass"])],
            "switch": True,
        }

    def _store(self, form: FactorForm) -> None:
        """Keep the answers of a part; what stood on this page before and does not any more goes."""
        sent = {code: value for code, value in form.cleaned_data.items() if value is not None}
        before = self.storage.get_step_data(self.steps.current) or {}
        key = f"part/{self.receipt}/{self.storage.data['nonce']}/{self.steps.current}"
        store_part(
            row=self.row, form=self.form, sent=sent, dropped=frozenset(before) - set(sent), key=key
        )

    def render_done(self, form: FactorForm, **kwargs: Any) -> HttpResponse:
        """Every part was stored when one went on from it; those before the first open one are not
        on this page.
        """
        return HttpResponseRedirect(f"/r/{self.receipt}?{link_query()}", status=303)
