"""The first door: a link on the operator's screen, an administrator behind it."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from survey.accounts.models import Role, User
from tests.survey.factories import PASSWORD


def test_the_command_opens_one_door_and_says_who_has_it(db: None) -> None:
    out = StringIO()
    call_command("first_admin", "--name", "Nguyễn Thị Đầu", stdout=out)
    found = re.search(r"http\S+(/staff/invitation/\S+)", out.getvalue())
    assert found
    client = Client()
    sent = {"username": "dautien", "password": PASSWORD, "repeated": PASSWORD}
    assert client.post(found[1], sent).status_code == 302
    made = User.objects.get()
    assert (made.role, made.first_name) == (Role.PROVINCE_ADMIN, "Nguyễn Thị Đầu")
    assert not made.is_superuser
    assert client.get("/staff/people").status_code == 200
    with pytest.raises(CommandError, match="dautien"):
        call_command("first_admin")
    call_command("first_admin", "--again", stdout=out)
