"""Staff page: a new questionnaire from one that comes with the product."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from survey.accounts.permissions import requires
from survey.console.layout import page, staff_page
from survey.questionnaires.file_shape import QUESTIONNAIRE_CODE
from survey.questionnaires.shipped import TEMPLATES, draft_from_template


class NewForm(forms.Form):
    """Which shipped questionnaire to begin from, and what the new one is called."""

    template = forms.ChoiceField(
        label=gettext_lazy("begin from"),
        choices=tuple(TEMPLATES.items()),
        widget=forms.RadioSelect,
    )
    title = forms.CharField(
        label=gettext_lazy("title citizens read, in Vietnamese"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty: the title of the questionnaire you begin from."),
    )
    code = forms.CharField(
        label=gettext_lazy("code"),
        max_length=40,
        help_text=gettext_lazy("Small letters, digits and hyphens, e.g. truong-hoc-2026."),
    )

    def clean_code(self) -> str:
        """A code files can bear."""
        code = str(self.cleaned_data["code"])
        if not QUESTIONNAIRE_CODE.fullmatch(code):
            raise ValidationError(_("Small letters, digits and hyphens only, a letter first."))
        return code


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("author-questionnaires")
def new_questionnaire(request: HttpRequest) -> HttpResponse:
    """A draft like a shipped questionnaire, under a code of its own."""
    form = NewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = draft_from_template(**form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("console:version", pk=made.pk)
    status = 422 if form.errors else 200
    return page(request, "questionnaire_new.html", {"form": form}, status=status)
