"""Staff pages of a draft's questions: their order, kinds, choices and conditions, by forms."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.questionnaires.content import fact_words
from survey.questionnaires.editing import (
    Wanted,
    add_factor,
    add_question,
    change_question,
    is_core,
    move_question,
    remove_question,
)
from survey.questionnaires.faults import find_faults
from survey.questionnaires.file_shape import MAX_WORDS
from survey.questionnaires.files import texts_by_slot
from survey.questionnaires.models import Factor, Question, Version, VersionStatus
from survey.questionnaires.queries import read_form

KIND_NAMES: Final = {
    "scale": gettext_lazy("five levels of satisfaction"),
    "yes-no": gettext_lazy("yes or no"),
    "single-choice": gettext_lazy("one of several choices"),
    "multiple-choice": gettext_lazy("any of several choices"),
    "short-text": gettext_lazy("a text of one's own"),
}
CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,20}\Z", re.ASCII)
OPTION: Final = re.compile(r"([a-z0-9-]{1,20})\s*=\s*(.+)\Z", re.ASCII)


class FactorForm(forms.Form):
    """A group of questions."""

    code = forms.CharField(
        label=gettext_lazy("code"),
        max_length=20,
        help_text=gettext_lazy("Letters, digits and hyphens; it stays in all figures."),
    )
    text = forms.CharField(label=gettext_lazy("name in Vietnamese"), max_length=MAX_WORDS)

    def clean_code(self) -> str:
        """A code figures can bear."""
        code = str(self.cleaned_data["code"])
        if not CODE.match(code):
            raise ValidationError(_("Letters, digits, “-” and “_” only, at most 20."))
        return code


class QuestionForm(FactorForm):
    """One question."""

    kind = forms.ChoiceField(label=gettext_lazy("kind"), choices=tuple(KIND_NAMES.items()))
    text = forms.CharField(
        label=gettext_lazy("question in Vietnamese"),
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    options = forms.CharField(
        label=gettext_lazy("choices, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Code, equals sign, words in Vietnamese: slow = Chờ lâu"),
    )
    required = forms.BooleanField(label=gettext_lazy("must be answered"), required=False)
    not_applicable = forms.BooleanField(
        label=gettext_lazy("offers “not applicable”"), required=False
    )
    when = forms.ChoiceField(
        label=gettext_lazy("asked only after an answer to"), choices=(), required=False
    )
    values = forms.CharField(
        label=gettext_lazy("and only if it was"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Codes of choices or levels, with commas: 1, 2. Of the result: early, on-time, late, "
            "unknown; of the applicant: citizen, business, unknown."
        ),
    )
    field_order = ("code", "kind", "text", "options", "required", "not_applicable", "when")

    def __init__(self, *args: Any, others: list[str], known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].disabled = known
        choices: Any = self.fields["when"]
        choices.choices = [
            ("", _("always asked")),
            *((code, code) for code in others),
            *((fact, words) for fact, (words, _values) in fact_words().items()),
        ]

    def clean_options(self) -> dict[str, str]:
        """Code -> words."""
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["options"].splitlines())):
            match = OPTION.match(line)
            if match is None:
                raise ValidationError(
                    _("“%(line)s”: write a code, an equals sign and the words: slow = Chờ lâu")
                    % {"line": line[:60]}
                )
            if match[1] in found:
                raise ValidationError(_("“%(code)s” stands twice.") % {"code": match[1]})
            found[match[1]] = match[2].strip()[:MAX_WORDS]
        return found

    def wanted(self) -> Wanted:
        """The question as it was typed."""
        sent = self.cleaned_data
        values = [value.strip() for value in sent["values"].split(",") if value.strip()]
        condition: dict[str, list[int | str]] = {}
        if sent["when"]:
            condition[sent["when"]] = [
                int(value) if value.isascii() and value.isdigit() and len(value) < 3 else value
                for value in values
            ]
        return Wanted(
            code=sent["code"],
            kind=sent["kind"],
            text=sent["text"],
            required=sent["required"],
            not_applicable=sent["not_applicable"],
            options=sent["options"],
            shown_when=condition,
        )


def _vietnamese(version: Version) -> dict[str, str]:
    """Slot -> words, straight from the database: a draft's words change."""
    every = texts_by_slot(version)
    return {slot: words.get(settings.LANGUAGE_CODE, "") for slot, words in every.items()}


def _draft(pk: int) -> Version:
    found = Version.objects.select_related("questionnaire", "extends").filter(pk=pk).first()
    if found is None or found.status != VersionStatus.DRAFT:
        raise Http404
    return found


@require_safe
@staff_page
@requires("author-questionnaires")
def questions(request: HttpRequest, pk: int) -> HttpResponse:
    """The questions of a draft in their order, and what is wrong with them."""
    version = _draft(pk)
    texts = _vietnamese(version)
    factors = [
        {
            "row": factor,
            "text": texts.get(f"factor.{factor.code}", factor.code),
            "questions": [
                {
                    "row": row,
                    "text": texts.get(f"question.{row.code}", row.code),
                    "kind": KIND_NAMES.get(row.kind, row.kind),
                    "core": is_core(row),
                }
                for row in factor.questions.select_related("version__questionnaire").order_by(
                    "position", "pk"
                )
            ],
        }
        for factor in version.factors.order_by("position")
    ]
    context = {"version": version, "factors": factors, "faults": find_faults(version)}
    return page(request, "questions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("author-questionnaires")
def new_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """A new group of questions."""
    version = _draft(pk)
    form = FactorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = add_factor(version=version, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("console:question-new", pk=made.pk)
    return _form_page(request, version, form, _("A new factor"))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("author-questionnaires")
def new_question(request: HttpRequest, pk: int) -> HttpResponse:
    """A new question at the end of a factor."""
    factor = Factor.objects.select_related("version").filter(pk=pk).first()
    version = _draft(factor.version_id if factor else 0)
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        others=list(read_form(version).questions),
        known=False,
    )
    if request.method == "POST" and form.is_valid() and factor is not None:
        try:
            add_question(factor=factor, wanted=form.wanted())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The question has been added to the draft."))
            return redirect("console:questions", pk=version.pk)
    return _form_page(request, version, form, _("A new question"))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("author-questionnaires")
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a question of a draft."""
    row = _find(pk)
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        others=[code for code in read_form(row.version).questions if code != row.code],
        known=True,
        initial=_initial(row),
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_question(question=row, wanted=form.wanted())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The question has been changed in the draft."))
            return redirect("console:questions", pk=row.version_id)
    return _form_page(request, row.version, form, row.code)


def _initial(row: Question) -> dict[str, Any]:
    texts = _vietnamese(row.version)
    when, values = next(iter(row.shown_when.items()), ("", []))
    return {
        "code": row.code,
        "kind": row.kind,
        "text": texts.get(f"question.{row.code}", ""),
        "options": "\n".join(
            f"{code} = {texts.get(f'option.{row.code}.{code}', code)}" for code in row.options
        ),
        "required": row.required,
        "not_applicable": row.not_applicable,
        "when": when,
        "values": ", ".join(map(str, values)),
    }


def _find(pk: int) -> Question:
    row = Question.objects.select_related("version__questionnaire", "factor").filter(pk=pk).first()
    if row is None or row.version.status != VersionStatus.DRAFT:
        raise Http404
    return row


def _form_page(
    request: HttpRequest, version: Version, form: forms.Form, title: str
) -> HttpResponse:
    context = {"version": version, "form": form, "title": title}
    return page(request, "question.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page
@requires("author-questionnaires")
def act_on_question(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Up, down, or away."""
    row = _find(pk)
    try:
        if action == "remove":
            remove_question(question=row)
            messages.success(request, _("The question has been removed from the draft."))
        else:
            move_question(question=row, up=action == "up")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("console:questions", pk=row.version_id)
