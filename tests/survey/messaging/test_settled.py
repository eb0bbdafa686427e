"""A settled invitation says no more of its day than the month."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from survey.messaging.settling import settle_invitations
from tests.survey.factories import Cast
from tests.survey.messaging.builders import invited

pytestmark = pytest.mark.django_db


def test_a_settled_invitation_keeps_no_day(cast: Cast) -> None:
    made, _token = invited(cast)
    now = timezone.now()
    made.messages.update(state="delivered", final_at=now)
    before = made.expires_at
    assert settle_invitations(now + timedelta(days=2)) == 1
    made.refresh_from_db()
    assert made.settled
    assert made.made_on.day == 1
    ends = timezone.localtime(made.expires_at)
    assert (ends.day, ends.hour, ends.minute) == (1, 0, 0)
    assert before <= made.expires_at <= before + timedelta(days=32)
