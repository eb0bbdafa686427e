"""Staff forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import Q, QuerySet
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from survey.access.ballots import BLANK, LEVELS, MAX_BALLOTS, PER_SHEET
from survey.agencies.improvements import Improvement
from survey.agencies.models import Agency
from survey.agencies.models import Counter as ServiceCounter
from survey.agencies.queries import versions_on
from survey.common.text import name_order
from survey.questionnaires.content import Answers, QuestionSpec
from survey.questionnaires.kinds import KINDS, AnswerError
from survey.questionnaires.kinds.scale import level_names
from survey.transactions.models import Channel

LONGEST_AGO: Final = timedelta(days=3650)
"""An older day is a slip of the pen."""


class SignInForm(AuthenticationForm):
    """User name and password; one message for every way it can be wrong."""

    error_messages = {
        "invalid_login": _("Wrong user name or password. Please try again."),
        "inactive": _("Wrong user name or password. Please try again."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")


class LongSelect(forms.Select):
    """A list of thousands of agencies, drawn at once: a template for each line takes a quarter of a
    second.
    """

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Flat choices only."""
        del renderer
        chosen = {str(one) for one in self.format_value(value)}
        given = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        lines = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected") if str(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        return format_html("<select{}>{}</select>", given, lines)


class ImprovementForm(forms.ModelForm):
    """What citizens said and what was done about it."""

    class Meta:
        model = Improvement
        fields = ("agency", "done_on", "said", "did")
        widgets = {
            "done_on": forms.DateInput(
                format="%d/%m/%Y", attrs={"placeholder": "31/12/2026", "inputmode": "numeric"}
            ),
            "said": forms.Textarea(attrs={"rows": 2}),
            "did": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, agencies: QuerySet[Agency], today: date, **kwargs: Any) -> None:
        """``agencies`` are those in scope; offered are the ones in force ``today``, by the names
        they bear.
        """
        super().__init__(*args, **kwargs)
        offer_agencies(self.fields["agency"], agencies, today)


def offer_agencies(
    field: Any,
    agencies: QuerySet[Agency],
    today: date,
    *,
    first: object = None,
    kept: Agency | None = None,
) -> None:
    """Let a field choose among agencies in force; ``first`` stands for none of them, ``kept`` is
    offered although it may have ended: saving something else changes nothing unasked.
    """
    found = agency_choices(agencies, today)
    if kept is not None and kept.pk not in dict(found):
        found.append((kept.pk, str(kept)))
    field.widget = LongSelect()
    field.queryset = agencies.filter(pk__in=versions_on(today).values("agency"))
    if kept is not None:
        field.queryset = Agency.objects.filter(Q(pk__in=field.queryset) | Q(pk=kept.pk))
    field.choices = [("", first), *found[1:]] if first is not None else found


def agency_choices(agencies: QuerySet[Agency], today: date) -> list[tuple[Any, Any]]:
    """Agencies in force, by the names they bear, with the code where two bear the same."""
    rows = list(
        versions_on(today)
        .filter(agency__in=agencies)
        .select_related(None)
        .values_list("agency_id", "name", "agency_code", "unit_code")
    )
    twice = Counter(name for _pk, name, *_codes in rows)
    named = [
        (name_order(name), pk, f"{name} ({code or unit})" if twice[name] > 1 else name)
        for pk, name, code, unit in rows
    ]
    named.sort()
    return [("", _("Choose an agency")), *((pk, name) for _order, pk, name in named)]


class CounterField(forms.ModelChoiceField):
    """A counter by the name of its office and its own."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.office.name} · {obj}"


class BallotPrintForm(forms.Form):
    """A counter in scope, and how many ballots to print for it."""

    counter = CounterField(label=_("counter"), queryset=ServiceCounter.objects.none())
    count = forms.IntegerField(
        label=_("ballots"), min_value=1, max_value=MAX_BALLOTS, initial=10 * PER_SHEET
    )

    def __init__(self, *args: Any, agencies: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField", self.fields["counter"])
        open_ones = ServiceCounter.objects.filter(closed_on=None, agency__in=agencies)
        field.queryset = open_ones.select_related("office").order_by("office__key", "number")


class BallotCountForm(forms.Form):
    """How many ballots of a box have each face."""

    opened_on = forms.DateField(
        label=_("box opened on"),
        widget=forms.DateInput(format="%d/%m/%Y", attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(zip(LEVELS, level_names(), strict=True))
        for level in LEVELS:
            self.fields[f"level_{level}"] = self._number(labels[level])
        self.fields[BLANK] = self._number(gettext("No face ticked, or several"))

    @staticmethod
    def _number(label: str) -> forms.IntegerField:
        return forms.IntegerField(
            label=label, min_value=0, max_value=MAX_BALLOTS, initial=0, required=True
        )

    def levels(self) -> dict[str, int]:
        """Ballots per level and without an answer, as ``enter_count`` takes them."""
        counted = {level: self.cleaned_data[f"level_{level}"] for level in LEVELS}
        return {**counted, BLANK: self.cleaned_data[BLANK]}


class _AsSent(forms.Widget):
    """Every value sent under a name; the page draws the field itself."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return list(data.getlist(name)) if hasattr(data, "getlist") else []


class CallField(forms.Field):
    """A question of the short form, checked as on the citizen's own page."""

    widget = _AsSent

    def __init__(self, question: QuestionSpec, texts: Mapping[str, str]) -> None:
        super().__init__(required=question.required, label=texts[f"question.{question.code}"])
        self.question = question
        self.kind = KINDS[question.kind]
        self.choices = self.kind.choices(question, texts)
        self.several = question.kind == "multiple-choice"

    def clean(self, value: Any) -> Any:
        try:
            answer = self.kind.clean(value, self.question)
        except AnswerError as error:
            raise forms.ValidationError(str(error)) from error
        if answer is None and self.required:
            raise forms.ValidationError(gettext("Please choose one answer."))
        return answer


class SpokenForm(forms.Form):
    """What somebody answered on the telephone to the questions of the short form."""

    def __init__(
        self,
        *args: Any,
        questions: Mapping[str, QuestionSpec],
        texts: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for code, question in questions.items():
            if question.applies_without_event:
                self.fields[code] = CallField(question, texts)

    def answers(self) -> Answers:
        """What is stored; what a rating does not ask for is left out."""
        found: Answers = {}
        for code, field in self.fields.items():
            if not isinstance(field, CallField):
                continue
            value = self.cleaned_data.get(code)
            if value is not None and field.question.applies(found):
                found[code] = value
        return found


class CallForm(SpokenForm):
    """What a caller of the hotline answered, and about whom."""

    agency = forms.ModelChoiceField(label=_("agency"), queryset=Agency.objects.none())
    channel = forms.ChoiceField(label=_("how the service was used"), choices=Channel.choices)

    def __init__(self, *args: Any, agencies: QuerySet[Agency], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_agencies(self.fields["agency"], agencies, today)
