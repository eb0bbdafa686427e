"""Comments as officials may read them: masked, by topic, and for the rated side in lots that
tell nothing of when or by whom.

A comment waits a night and a day before anybody reads it. The rated agency reads it a night after
the block of answers it came with has ended: ten at least, by people who proved that they were
there. No day is kept beside it, so that no comment can be joined to a message or a visit.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from survey.agencies.models import Agency
from survey.common.locks import lock_transaction
from survey.common.text import fold_accents
from survey.responses.masking import mask_personal
from survey.responses.models import Comment, Evidence, Response, random_id
from survey.responses.topics import Lexicon, Topic

MIN_ANSWERS: Final = 10
"""Proven answers about an agency among which the writers of a lot are."""
MIN_WAIT: Final = timedelta(hours=20)
"""Between two nights."""
LOCK: Final = "comments"
AT_ONCE: Final = 1000


class CommentNight(models.Model):
    """When comments were prepared last: one row, overwritten, so that no earlier night is kept."""

    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("night of comments")
        verbose_name_plural = _("nights of comments")

    def __str__(self) -> str:
        return f"{self.at}"


class CommentMark(models.Model):
    """How many proven answers an agency had when its last block ended: overwritten every time, so
    that no earlier night can be told from it.
    """

    agency = models.OneToOneField(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    answers = models.PositiveIntegerField(_("answers when the last block ended"), default=0)

    class Meta:
        verbose_name = _("mark of comments")
        verbose_name_plural = _("marks of comments")

    def __str__(self) -> str:
        return f"{self.agency_id} {self.answers}"


class ReadableComment(models.Model):
    """A comment as it is read: masked. It goes when its citizen erases the comment."""

    id = models.BigIntegerField(primary_key=True, default=random_id, editable=False)
    comment = models.OneToOneField(
        Comment, on_delete=models.CASCADE, related_name="readable", verbose_name=_("comment")
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    ripe = models.BooleanField(_("has waited a night and a day"), default=False)
    closed = models.BooleanField(_("its block of answers has ended"), default=False)
    told = models.BooleanField(_("the rated agency may read it"), default=False)
    text = models.TextField(_("masked text"))
    folded = models.TextField(_("text for searching"))
    topics = models.TextField(_("topics"), default=" ")
    """Codes with a blank before and after each, to be looked for."""
    reserved = models.BooleanField(_("for the inspectorate"), default=False)

    class Meta:
        verbose_name = _("readable comment")
        verbose_name_plural = _("readable comments")
        indexes: ClassVar = [models.Index(fields=["agency", "ripe"], name="readable_agency_ripe")]

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def topic_codes(self) -> list[str]:
        """Codes of the topics it is about."""
        return self.topics.split()


@transaction.atomic
def prepare_comments(now: datetime) -> tuple[int, int]:
    """Once a night: what waited a day becomes readable, what is new begins to wait, and agencies
    get some to read. Returns (comments that began to wait, comments that were told).

    A second run within the same day does nothing: the wait is a night and a day, whoever calls.
    """
    lock_transaction(LOCK)
    last = CommentNight.objects.select_for_update().first()
    if last is not None and now < last.at + MIN_WAIT:
        return 0, 0
    CommentNight.objects.update_or_create(pk=1, defaults={"at": now})
    lexicon, reserved = Lexicon(Topic.objects.all()), _reserved_topics()
    _rewrite(ReadableComment.objects.filter(ripe=False), ripe=True)
    told = _tell_agencies()
    fresh = Comment.objects.filter(readable=None).exclude(text="").select_related("submission")
    rows = [_masked(comment, lexicon, reserved) for comment in fresh.iterator(chunk_size=AT_ONCE)]
    secrets.SystemRandom().shuffle(rows)
    ReadableComment.objects.bulk_create(rows, batch_size=AT_ONCE)
    _end_blocks()
    return len(rows), told


def _tell_agencies() -> int:
    """Let agencies read comments of blocks that ended on an earlier night."""
    waiting = ReadableComment.objects.filter(closed=True, told=False, ripe=True, reserved=False)
    agencies = list(waiting.order_by().values_list("agency", flat=True).distinct())
    told = waiting.update(told=True)
    for agency in agencies:
        # With those told before, so that their places do not tell the night either.
        _rewrite(ReadableComment.objects.filter(agency=agency, told=True))
    return told


def _end_blocks() -> None:
    """A block of an agency's answers ends with the night in which it holds ten by people who were
    there, with or without comments: whoever wrote one of its comments is one of so many, and the
    night it is told says nothing of the day it was written.

    Open posters can be filled by anybody, the rated side too: they cover nobody.
    """
    proven = Response.objects.filter(revision=0).exclude(evidence=Evidence.POSTER)
    counts = dict(proven.order_by().values_list("agency").annotate(n=Count("pk")))
    marks = dict(CommentMark.objects.values_list("agency", "answers"))
    ended = [agency for agency, n in counts.items() if n - marks.get(agency, 0) >= MIN_ANSWERS]
    CommentMark.objects.bulk_create(
        [CommentMark(agency_id=agency, answers=counts[agency]) for agency in ended],
        update_conflicts=True,
        unique_fields=["agency"],
        update_fields=["answers"],
    )
    for start in range(0, len(ended), AT_ONCE):
        block = ReadableComment.objects.filter(agency__in=ended[start : start + AT_ONCE])
        block.filter(closed=False).update(closed=True)


def newest_night() -> int:
    """When comments were prepared last, in seconds; 0 before the first time."""
    last = CommentNight.objects.values_list("at", flat=True).first()
    return int(last.timestamp()) if last else 0


def _reserved_topics() -> frozenset[str]:
    return frozenset(Topic.objects.filter(inspectorate=True).values_list("code", flat=True))


def _masked(comment: Comment, lexicon: Lexicon, reserved: frozenset[str]) -> ReadableComment:
    text = mask_personal(comment.text)
    topics = [match.topic for match in lexicon.find(text)]
    return ReadableComment(
        comment=comment,
        agency_id=comment.submission.agency_id,
        text=text,
        folded=fold_accents(text),
        topics=_join(topics),
        reserved=bool(reserved & set(topics)),
    )


def _join(topics: list[str]) -> str:
    return f" {' '.join(topics)} " if topics else " "


def _rewrite(found: QuerySet[ReadableComment], **change: object) -> int:
    """Change rows by writing them anew under other numbers, shuffled: neither number nor place
    tells the night in which they came.
    """
    rows = list(found.select_for_update())
    keys = [row.pk for row in rows]
    for start in range(0, len(keys), AT_ONCE):
        ReadableComment.objects.filter(pk__in=keys[start : start + AT_ONCE]).delete()
    for row in rows:
        row.pk = random_id()
        for name, value in change.items():
            setattr(row, name, value)
    secrets.SystemRandom().shuffle(rows)
    ReadableComment.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


@task()
def find_topics() -> int:
    """After a list was changed: every comment's topics anew. Returns how many changed."""
    return find_topics_again()


@transaction.atomic
def find_topics_again() -> int:
    """Look at every comment once more; the night's work waits meanwhile."""
    lock_transaction(LOCK)
    lexicon, reserved = Lexicon(Topic.objects.all()), _reserved_topics()
    changed = []
    for row in ReadableComment.objects.iterator(chunk_size=AT_ONCE):
        topics = [match.topic for match in lexicon.find(row.text)]
        # What was reserved stays so: no list hands an allegation to who it is about.
        kept = row.reserved or bool(reserved & set(topics))
        if (_join(topics), kept) != (row.topics, row.reserved):
            row.topics, row.reserved = _join(topics), kept
            changed.append(row)
    ReadableComment.objects.bulk_update(changed, ["topics", "reserved"], batch_size=AT_ONCE)
    return len(changed)


def readable_comments(
    agencies: Sequence[int] | QuerySet[Agency], *, rated_side: bool
) -> QuerySet[ReadableComment]:
    """Comments about these agencies in an order that says nothing; the rated side reads what it
    was told, and nothing reserved.
    """
    found = ReadableComment.objects.filter(agency__in=agencies, ripe=True).select_related("agency")
    if rated_side:
        found = found.filter(reserved=False, told=True)
    return found.order_by("pk")


def search_comments(
    found: QuerySet[ReadableComment], words: str, topic: str
) -> QuerySet[ReadableComment]:
    """Those that hold the words, with or without accents, and are about the topic."""
    for word in fold_accents(words).split():
        found = found.filter(folded__contains=word)
    if topic:
        found = found.filter(topics__contains=f" {topic} ")
    return found


def count_topics(found: QuerySet[ReadableComment]) -> list[tuple[Topic, int]]:
    """How many of these comments are about each topic, most first."""
    topics = list(Topic.objects.all())
    counts = found.order_by().aggregate(
        **{
            f"t{topic.pk}": Count("pk", filter=Q(topics__contains=f" {topic.code} "))
            for topic in topics
        }
    )
    pairs = [(topic, int(counts[f"t{topic.pk}"])) for topic in topics]
    return sorted((pair for pair in pairs if pair[1]), key=lambda pair: -pair[1])
