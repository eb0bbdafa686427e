"""Comments as officials may read them: masked, by topic, and for the rated side in batches that
tell nothing of when or by whom.

A comment waits a night and a day before anybody reads it. The rated agency reads it once ten more
people have answered since its last batch; no day is kept anywhere, so that no batch can be joined
to a message or a visit.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import ClassVar, Final

from django.db import models, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency
from survey.common.text import fold_accents
from survey.responses.masking import mask_personal
from survey.responses.models import Comment, Response, random_id
from survey.responses.topics import Lexicon, Topic

MIN_ANSWERS: Final = 10
"""Answers about an agency between two batches of its comments."""
AT_ONCE: Final = 1000


class CommentBatch(models.Model):
    """Comments an agency got to read together."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    number = models.PositiveIntegerField(_("number"))
    answers = models.PositiveIntegerField(_("answers until then"))

    class Meta:
        verbose_name = _("batch of comments")
        verbose_name_plural = _("batches of comments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="comment_batch_once")
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.number}"


class ReadableComment(models.Model):
    """A comment as it is read: masked. It goes when its citizen erases the comment."""

    id = models.BigIntegerField(primary_key=True, default=random_id, editable=False)
    comment = models.OneToOneField(
        Comment, on_delete=models.CASCADE, related_name="readable", verbose_name=_("comment")
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    batch = models.ForeignKey(
        CommentBatch, on_delete=models.PROTECT, null=True, verbose_name=_("batch")
    )
    ripe = models.BooleanField(_("has waited a night and a day"), default=False)
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


def prepare_comments() -> tuple[int, int]:
    """Once a night: what waited a day becomes readable, what is new begins to wait, and agencies
    get their batches. Returns (comments that began to wait, comments that came into batches).
    """
    lexicon, reserved = Lexicon(Topic.objects.all()), _reserved_topics()
    _rewrite(ReadableComment.objects.filter(ripe=False), ripe=True)
    fresh = Comment.objects.filter(readable=None).exclude(text="")
    rows = [
        _masked(comment, lexicon, reserved)
        for comment in fresh.select_related("submission").iterator(chunk_size=AT_ONCE)
    ]
    secrets.SystemRandom().shuffle(rows)
    ReadableComment.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    return len(rows), _make_batches()


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


def _make_batches() -> int:
    """Batches of agencies about which ten more people have answered."""
    waiting = ReadableComment.objects.filter(batch=None, ripe=True, reserved=False)
    made = 0
    for agency_id in waiting.order_by().values_list("agency", flat=True).distinct():
        made += _make_batch(agency_id, waiting.filter(agency=agency_id))
    return made


@transaction.atomic
def _make_batch(agency_id: int, waiting: QuerySet[ReadableComment]) -> int:
    last = CommentBatch.objects.filter(agency=agency_id).aggregate(
        number=Max("number"), answers=Max("answers")
    )
    answers = Response.objects.filter(agency=agency_id, revision=0).count()
    if answers - (last["answers"] or 0) < MIN_ANSWERS:
        return 0
    batch = CommentBatch.objects.create(
        agency_id=agency_id, number=(last["number"] or 0) + 1, answers=answers
    )
    return _rewrite(waiting, batch=batch)


@transaction.atomic
def _rewrite(found: QuerySet[ReadableComment], **change: object) -> int:
    """Change rows by writing them anew under other numbers, shuffled: neither number nor place
    tells the night in which they came.
    """
    rows = list(found.select_for_update())
    ReadableComment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        row.pk = random_id()
        for name, value in change.items():
            setattr(row, name, value)
    secrets.SystemRandom().shuffle(rows)
    ReadableComment.objects.bulk_create(rows, batch_size=AT_ONCE)
    return len(rows)


def find_topics_again() -> int:
    """After a list was changed: every comment's topics anew. Returns how many changed."""
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
    """Comments about these agencies; the rated side reads batches only, nothing reserved, and in an
    order that says nothing.
    """
    found = ReadableComment.objects.filter(agency__in=agencies, ripe=True).select_related("agency")
    if rated_side:
        found = found.filter(reserved=False).exclude(batch=None)
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
