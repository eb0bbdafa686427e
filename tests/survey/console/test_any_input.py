"""Whatever is sent by the forms of the staff pages, no page breaks: a sentence, a redirect, or a
refusal.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.accounts.approvals import ApprovalRequest
from survey.responses.case_work import CaseNote
from survey.responses.cases import open_case
from survey.responses.services import record_response
from tests.survey.console.builders import signed_in
from tests.survey.console.walking import Form, accounts, forms_of, pages
from tests.survey.factories import NOW, Cast

EXAMPLES: Final = 400
ODD: Final = (
    "",
    " ",
    "\x00",
    "\ud7ff",
    "﷽" * 50,
    "'; DROP TABLE survey_user; --",
    "<script>alert(1)</script>",
    "=1+1",
    "-1",
    "0",
    "1",
    "2",
    "9" * 30,
    "1e999",
    "NaN",
    "Infinity",
    "1,5",
    "٣",
    "31/02/2026",
    "29/02/2028",
    "01/01/0001",
    "31/12/9999",
    "2026-11-27",
    "25:61",
    "a" * 5000,
    "on",
    "null",
    "[]",
    "{}",
    "../../etc/passwd",
    "%00",
    "Sở Nội vụ",
)
SKIPPED: Final = ("/staff/sign-out",)
VALUES: Final = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.integers(-(2**63), 2**63).map(str),
    st.dates().map(lambda day: f"{day:%d/%m/%Y}"),
)


class _Undone(Exception):
    """Everything an example wrote is taken back by it."""


@pytest.fixture
def forms(scene: Cast, db: None) -> list[tuple[Client, Form, tuple[str, str]]]:
    """Every form and button of every page, each with somebody who is offered it."""
    found: dict[tuple[str, tuple[str, str]], tuple[Client, Form, tuple[str, str]]] = {}
    for user in accounts(scene).values():
        client = Client(raise_request_exception=True)
        client.force_login(user)
        for key, form in forms_of(pages(client, alike=1)).items():
            if not form.action.startswith(SKIPPED):
                found.setdefault(key, (client, form, key[1]))
    return list(found.values())


@pytest.mark.slow
def test_no_form_breaks_whatever_it_is_sent(
    forms: list[tuple[Client, Form, tuple[str, str]]],
) -> None:
    assert len(forms) > 60

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(data=st.data())
    def send_anything(data: st.DataObject) -> None:
        client, form, button = data.draw(st.sampled_from(forms))
        sent: dict[str, Any] = dict(form.fields)
        names = sorted({*form.fields, "extra"} - {"csrfmiddlewaretoken"})
        for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=6)):
            kind = data.draw(st.sampled_from(["one", "one", "several", "missing"]))
            if kind == "missing":
                sent.pop(name, None)
            else:
                count = 1 if kind == "one" else 3
                sent[name] = [data.draw(VALUES) for _number in range(count)]
        for name in form.files:
            content = data.draw(st.one_of(st.binary(max_size=60), st.sampled_from(FILES)))
            file_name = data.draw(st.sampled_from(["a.csv", "a.xlsx", "a.toml", "", "\x00.csv"]))
            sent[name] = SimpleUploadedFile(file_name or "x", content)
        sent |= {button[0]: button[1]} if button[0] else {}
        try:
            with transaction.atomic():
                answer = client.post(form.action, sent)
                assert answer.status_code < 500, (form.action, sent, answer.status_code)
                raise _Undone
        except _Undone:
            pass

    send_anything()


def test_words_that_cannot_be_stored_are_told_and_nothing_is_kept(cast: Cast) -> None:
    """Found on PostgreSQL, which takes no NUL: notes, answers, reasons, comments."""
    case = open_case(row=record_response(submission=cast.submission("x", 1)).row, now=NOW)
    assert case is not None
    client = signed_in(cast.analyst)
    for action, field in (("note", "text"), ("close", "answer"), ("reopen", "text")):
        sent = {field: "a\x00b", "outcome": "solved"}
        address = reverse("console:case-act", args=[case.pk, action])
        page = client.post(address, sent, follow=True)
        assert page.status_code == 200
    assert not CaseNote.objects.exists()
    undo = reverse("console:unit-dissolve", args=[cast.land.pk])
    client.post(undo, {"on": f"{timezone.localdate():%d/%m/%Y}", "reason": "a\x00b"})
    assert not ApprovalRequest.objects.exists()


FILES: Final = (
    b"",
    b"PK\x03\x04",
    b"\xff\xfe\x00",
    b"a,b\n1,2\n",
    "Tháng,Mã cơ quan\n".encode(),
    b"code = 1",
    b"[[factor]]",
)
