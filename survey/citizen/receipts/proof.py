"""A receipt's proof: the rating is in the log and can no longer be changed unseen. It shows no
answer.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from survey.citizen.pages import citizen_page, render_page
from survey.citizen.receipts.guard import Receipt, with_receipt
from survey.common.numbers import format_number
from survey.integrity.receipts import find_place, prove_submission
from survey.integrity.tiles import TileError
from survey.responses.models import Evidence


@citizen_page("GET", "HEAD")
@with_receipt()
def proof_page(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Whether the rating is in the log, and the file that proves it."""
    place = find_place(receipt.row)
    context = {
        "title": _("Is my rating still there?"),
        "place": "" if place is None else format_number(place + 1, 0),
        "by_link": receipt.row.evidence == Evidence.SMS,
        "file": receipt.address("/proof/file"),
        "back": receipt.address(),
    }
    return render_page("survey/citizen/proof.html", context)


@citizen_page("GET", "HEAD")
@with_receipt()
def proof_file(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """The proof as a file; nothing where the rating waits."""
    try:
        proof = prove_submission(receipt.row)
    except TileError:
        proof = None
    if proof is None:
        raise Http404
    answer = HttpResponse(proof, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="hai-long.tlog-proof"'
    return answer
