"""The attack of somebody who holds a dump: who of the invited gave which answer? By order, time, id
and attributes.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, Final

import numpy as np
from django.db import connection
from django.test import Client
from django.utils import timezone
from scipy.optimize import linear_sum_assignment

from survey.agencies.models import ProcedureDomain
from survey.citizen.entrances.link import ticket_of_link
from survey.common.encryption import decrypt
from survey.management.commands.unlink_answers import unlink
from survey.messaging.invitations import queue_invitation
from survey.messaging.models import Invitation, MessageKind
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.responses.models import Response
from tests.survey.factories import make_cast
from tests.survey.messaging.messages import event, sender

# Chance alone matches a Poisson number of mean 1, and some sixty hints are tried. Two percentage
# points over chance are then 9.7 pairs: chance reaches ten in one run of 100,000 (with 240 people
# it reached seven, the limit there, in one run of some hundreds).
COUNT: Final = 400
TABLES: Final = ("survey_invitation", "survey_response")


def answer_in_turn(*, count: int = COUNT) -> list[tuple[str, str]]:
    """Everybody is invited, and answers in the order of the invitations: the worst case.

    Returns (invitation id, response id), which nobody but this test knows.
    """
    cast, by = make_cast(), sender()
    places = [(cast.land, "land"), (cast.commune, "civil-status")]
    invited: list[tuple[str, str]] = []
    for number in range(count):
        agency, domain = places[number % 2]
        dossier = event(cast, code=f"H20.01.05-261110-{number:04d}")
        dossier.agency, dossier.domain = agency, ProcedureDomain.objects.get(code=domain)
        dossier.save()
        made = queue_invitation(
            event=dossier, phone=f"+8491{number:07d}", sender=by, now=timezone.now()
        )
        assert isinstance(made, Invitation)
        body = decrypt(
            made.messages.get(kind=MessageKind.INVITATION).body_sealed or b"",
            str(made.messages.get().pk),
        )
        invited.append((str(made.pk), body.rpartition("/")[2]))
    citizen, pairs = Client(headers={"host": "127.0.0.1"}), []
    for pk, token in invited:
        assert (
            citizen.post(f"/s/{token}", {"overall": str(random.choice((2, 4, 5)))}).status_code
            == 303
        )
        row = Response.objects.get(submission_key=ticket_of_link(token).key)
        pairs.append((pk, str(row.pk)))
    return pairs


def settle() -> None:
    """Every message has had its last report two days ago, and the night has come."""
    past = timezone.now() - timedelta(days=2)
    OutboxMessage.objects.update(
        state=MessageState.DELIVERED, final_at=past, to_sealed=None, body_sealed=None
    )
    unlink(timezone.now())


def dumped(table: str) -> list[dict[str, Any]]:
    """All columns of all rows, and where the database keeps them."""
    place = (
        "rowid AS place"
        if connection.vendor == "sqlite"
        else "ctid::text AS place, xmin::text::bigint AS writer"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {place}, * FROM {table}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def hints(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Every column by which rows can be put in order, as ranks from 0 to 1; what does not vary
    tells nothing.
    """
    found = {}
    for name in rows[0]:
        values = [_number(row[name]) for row in rows]
        if len(set(values)) > 1:
            order = {value: rank for rank, value in enumerate(sorted(set(values)))}
            found[name] = [order[value] / (len(order) - 1) for value in values]
    return found


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("("):
        page, line = value.strip("()").split(",")
        return f"{int(page):08d}{int(line):08d}"
    return str(value) if not isinstance(value, int) else f"{value + 2**63:020d}"


def matched(pairs: list[tuple[str, str]]) -> tuple[float, str]:
    """Share of pairs the best assignment finds, over every hint on one side held against every hint
    on the other.
    """
    invitations, responses = (dumped(table) for table in TABLES)
    truth = {_plain(answer): _plain(invited) for invited, answer in pairs}
    worst = (0.0, "")
    shared = {*hints(invitations)} & {*hints(responses)} | {"place"}
    sides = (hints(invitations), hints(responses))
    for left, ranks in sides[0].items():
        for right, others in sides[1].items():
            if (
                left != right
                and "place" not in (left, right)
                and "writer" not in (left, right)
                and left not in shared
            ):
                continue
            cost = np.abs(np.subtract.outer(np.array(ranks), np.array(others)))
            rows, columns = linear_sum_assignment(cost)
            hits = sum(
                truth.get(_plain(responses[column]["id"])) == _plain(invitations[row]["id"])
                for row, column in zip(rows, columns, strict=True)
            )
            worst = max(worst, (hits / len(pairs), f"{left} against {right}"))
    return worst


def _plain(value: Any) -> str:
    return str(value).replace("-", "")


def tell(count: int = COUNT) -> None:
    """Print the largest share any attack matches after the night, by what, and the invitations that
    name an agency.
    """
    pairs = answer_in_turn(count=count)
    settle()
    share, hint = matched(pairs)
    named = Invitation.objects.exclude(agency_sealed=None).count()
    print(share, hint, named, sep="|")  # noqa: T201
