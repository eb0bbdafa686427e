"""Staff pages of comments: read by topic, searched, handed on as cases; and the lists behind the
topics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names, visible_agencies
from survey.console.forms import agency_choices
from survey.console.layout import page, staff_page
from survey.responses.case_work import open_case_from_comment
from survey.responses.reading import (
    ReadableComment,
    count_topics,
    find_topics,
    newest_night,
    readable_comments,
    search_comments,
)
from survey.responses.topics import MAX_PHRASE_CHARACTERS, MAX_PHRASES, Lexicon, Match, Topic

COMMENTS_PER_PAGE: Final = 50
MAX_WORDS: Final = 80
SECONDS_COUNTED: Final = 600


@dataclass(frozen=True)
class Line:
    """A comment on the page."""

    comment: ReadableComment
    agency: str
    matches: list[tuple[str, Match]]

    @property
    def improvement(self) -> str:
        """What the page of improvements begins with."""
        said = self.matches[0][0] if self.matches else ""
        return urlencode({"agency": self.comment.agency_id, "said": said})


def _found(user: User, agency: int | None = None) -> QuerySet[ReadableComment]:
    """What an account may read: the province what has waited a day, the rated side its batches."""
    agencies = visible_agencies(user)
    if agency is not None:
        agencies = agencies.filter(pk=agency)
    return readable_comments(agencies, rated_side=not may(user, "read-fresh-comments"))


@require_safe
@staff_page
@requires("read-comments")
def comments(request: HttpRequest) -> HttpResponse:
    """Comments in the account's scope, by agency, topic and words."""
    user = cast("User", request.user)
    words = request.GET.get("q", "").strip()[:MAX_WORDS]
    topic, agency = request.GET.get("topic", "")[:20], request.GET.get("agency", "")
    number = int(agency) if agency.isascii() and agency.isdigit() and len(agency) < 12 else None
    scope = _found(user, number)
    part = Paginator(search_comments(scope, words, topic), COMMENTS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    record_event(request, "read-comments", detail=urlencode(request.GET)[:200])
    context = {
        "wanted": words,
        "topic": topic,
        "agency": number,
        "query": urlencode({"q": words, "topic": topic, "agency": agency}),
        "agencies": agency_choices(visible_agencies(user), timezone.localdate())[1:],
        "topics": list(Topic.objects.all()),
        "counts": _count_topics(user, number, scope),
        "part": part,
        "lines": _lines(list(part)),
        "rated_side": not may(user, "read-fresh-comments"),
    }
    return page(request, "comments.html", context)


def _count_topics(
    user: User, agency: int | None, scope: QuerySet[ReadableComment]
) -> list[tuple[Topic, int]]:
    """Counted once in ten minutes for a scope: comments come by night."""
    key = f"topics/{user.agency_id}/{may(user, 'read-fresh-comments')}/{agency}/{newest_night()}"
    found: list[tuple[Topic, int]] | None = cache.get(key)
    if found is None:
        found = count_topics(scope)
        cache.set(key, found, SECONDS_COUNTED)
    return found


def _lines(rows: list[ReadableComment]) -> list[Line]:
    names = agency_names(Agency.objects.filter(pk__in={row.agency_id for row in rows}))
    topics = {topic.code: topic for topic in Topic.objects.all()}
    lexicon = Lexicon(topics.values())
    return [
        Line(
            row,
            names.get(row.agency_id, ""),
            [(topics[match.topic].name, match) for match in lexicon.find(row.text)],
        )
        for row in rows
    ]


@require_POST
@staff_page
@requires("open-cases")
def open_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a comment on: the unit above deals with it, or the inspectorate."""
    user = cast("User", request.user)
    row = _found(user).select_related("comment__submission").filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        case = open_case_from_comment(comment=row, by=user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("console:comments")
    messages.success(request, _("Case %(code)s has been opened.") % {"code": case.code})
    return redirect("console:case", pk=case.pk)


class TopicForm(forms.ModelForm):
    """The list of phrases of a topic."""

    class Meta:
        model = Topic
        fields = ("name", "words")
        widgets = {"words": forms.Textarea(attrs={"rows": 14})}
        labels = {"words": gettext_lazy("phrases, one a line")}

    def clean_words(self) -> str:
        """Not too many, not too long; each once."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["words"].splitlines()]
        phrases = list(dict.fromkeys(filter(None, lines)))
        if len(phrases) > MAX_PHRASES:
            raise ValidationError(_("At most %(most)s phrases.") % {"most": MAX_PHRASES})
        if long := next((line for line in phrases if len(line) > MAX_PHRASE_CHARACTERS), ""):
            raise ValidationError(
                _("“%(phrase)s” is longer than %(most)s characters.")
                % {"phrase": long, "most": MAX_PHRASE_CHARACTERS}
            )
        return "\n".join(phrases)


@require_safe
@staff_page
@requires("edit-topics")
def topics(request: HttpRequest) -> HttpResponse:
    """Every topic with the number of its phrases and comments."""
    counted = dict(count_topics(_found(cast("User", request.user))))
    lines: list[dict[str, Any]] = [
        {"topic": topic, "comments": counted.get(topic, 0)} for topic in Topic.objects.all()
    ]
    return page(request, "topics.html", {"lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("edit-topics")
def topic(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the phrases of a topic; every comment is looked at again."""
    row = Topic.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    form = TopicForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        find_topics.enqueue()
        messages.success(request, _("Saved. The topics of all comments are being found anew."))
        return redirect("console:topic", pk=pk)
    context = {"form": form, "topic": row}
    return page(request, "topic.html", context, status=422 if form.errors else 200)
