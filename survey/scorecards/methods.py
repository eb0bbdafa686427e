"""Under which methods a period is computed: files of the province's own, and choices from a period
on that two people make.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.common.periods import Period, parse_period
from survey.common.text import check_words, is_storable
from survey.scorecards.bridge.methods import (
    DEFAULT_TARGET,
    OPERATORS,
    MethodSummary,
    Target,
    method_text,
    read_target,
    shipped_methods,
    summarise_method,
)
from survey.scorecards.models import Edition, MethodChoice, MethodFile

USUAL: Final = ("sipas-service", "overall")
"""What is computed where nothing was chosen: the 16 criteria, and what everybody answers."""
METHOD_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MAX_METHOD_BYTES: Final = 64 * 1024
LEAST_N, LEAST_N_EFF = 10, 30
"""No method of a province's own shows or ranks fewer."""


@dataclass(frozen=True)
class Chosen:
    """What holds for a period: methods as (name, checksum), and the target."""

    methods: tuple[tuple[str, str], ...]
    target: Target
    choice: MethodChoice | None = None


def known_methods() -> list[MethodSummary]:
    """Shipped methods, the newest version of each of the province's own, and whatever a choice
    names.
    """
    shipped = shipped_methods()
    chosen = {one["sha256"] for choice in MethodChoice.objects.all() for one in choice.methods}
    own: dict[str, MethodFile] = {}
    rows = list(MethodFile.objects.order_by("code", "version"))
    for row in rows:
        own[row.code] = row
    names = {method.id for method in shipped}
    kept = [
        row
        for row in rows
        if row.sha256 in chosen or (row.code not in names and own[row.code] == row)
    ]
    there = {method.sha256 for method in shipped}
    return [*shipped, *(summarise_method(str(_place(r))) for r in kept if r.sha256 not in there)]


def find_chosen(period: Period) -> Chosen:
    """The methods and the target of a period: of the latest choice that holds when it begins. A
    method under which figures of the period were released stays the file it was.
    """
    choice = MethodChoice.objects.filter(valid_from__lte=period.first).first()
    names = [method["id"] for method in choice.methods] if choice else list(USUAL)
    known = (
        {method["id"]: method["sha256"] for method in choice.methods}
        if choice
        else {name: summarise_method(name).sha256 for name in USUAL}
    )
    released = Edition.objects.filter(period=period.name).exclude(released_at=None)
    known |= {
        name: sha256
        for name, sha256 in released.order_by("made_at").values_list("method", "method_sha256")
        if name in known
    }
    methods = tuple((name, known[name]) for name in names)
    if choice is None:
        return Chosen(methods, DEFAULT_TARGET)
    value = choice.target_value
    whole = value == value.to_integral_value()
    plain = value.quantize(Decimal(1)) if whole else value.normalize()
    operator: Literal[">", ">="] = ">=" if choice.target_operator == ">=" else ">"
    return Chosen(methods, Target(operator, plain), choice)


def check_current(edition: Edition) -> None:
    """Whether figures were computed under what holds for their period.

    Raises
    ------
    ValidationError
        Another method, file or target was chosen since.
    """
    chosen = find_chosen(parse_period(edition.period))
    same = (edition.method, edition.method_sha256) in chosen.methods
    if not same or read_target(edition.about) != chosen.target:
        raise ValidationError(
            _(
                "These figures were computed under a method or target that no longer holds for "
                "this period. Compute the period again."
            )
        )


def keep_method(*, name: str, sha256: str, by: User, now: datetime) -> None:
    """Keep the file of a shipped method that was used, for a later version of the product."""
    if MethodFile.objects.filter(sha256=sha256).exists():
        return
    found = summarise_method(name)
    row = MethodFile(
        code=name,
        version=found.version,
        title=found.titles["vi"][:200],
        text=method_text(name),
        sha256=sha256,
        brought_by=by,
        brought_at=now,
    )
    with contextlib.suppress(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def locate_method(name: str, sha256: str) -> str:
    """What the statistics load a chosen method by: its name, or the path of its file.

    Raises
    ------
    ValidationError
        The file that was chosen is not there, or another one now bears its name.
    """
    shipped = {method.id: method.sha256 for method in shipped_methods()}
    if shipped.get(name) == sha256:
        return name
    row = MethodFile.objects.filter(sha256=sha256).first()
    if row is None:
        raise ValidationError(
            _(
                "The method “%(name)s” is no longer the one that was chosen for this period. "
                "Choose methods again; two people decide."
            )
            % {"name": name}
        )
    return str(_place(row))


def _place(row: MethodFile) -> Path:
    """The file of a method of the province's own, written where it is not there yet."""
    folder = Path(settings.VAR_DIR) / "methods"
    target = folder / f"{row.sha256}.toml"
    if not target.is_file():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile("wb", dir=folder, delete=False) as file:
            file.write(row.text.encode())
        Path(file.name).replace(target)
    return target


def bring_method(*, content: bytes, by: User, now: datetime) -> MethodFile:
    """Keep a method file of the province's own; it is used once it has been chosen.

    Raises
    ------
    ValidationError
        The file is wrong, bears the name of a shipped method, or shows fewer answers than allowed.
    """
    if len(content) > MAX_METHOD_BYTES:
        raise ValidationError(_("The file is too large to be a method."))
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValidationError(_("The file is not UTF-8. Save it again as UTF-8.")) from error
    if not is_storable(text):
        raise ValidationError(_("The file holds characters that cannot be stored."))
    found = _check(text)
    row = MethodFile(
        code=found.id[:60],
        version=found.version,
        title=found.titles["vi"][:200],
        text=text,
        sha256=found.sha256,
        brought_by=by,
        brought_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(
            _("“%(name)s” version %(version)s is there already. Give the file a higher version.")
            % {"name": found.id, "version": found.version}
        ) from error
    return row


def _check(text: str) -> MethodSummary:
    with NamedTemporaryFile("wb", suffix=".toml") as file:
        file.write(text.encode())
        file.flush()
        try:
            found = summarise_method.__wrapped__(file.name)
        except ValueError as error:
            told = str(error).replace(f"{file.name}: ", "")
            raise ValidationError(_("The method file is wrong: %(error)s") % {"error": told}) from (
                error
            )
    if not 0 < found.version < 10_000 or not METHOD_ID.fullmatch(found.id):
        raise ValidationError(
            _("The method needs a version, and an id of small letters, digits and hyphens.")
        )
    if not all(check_words(title) for title in found.titles.values()):
        raise ValidationError(_("The method needs a title."))
    if found.id in {method.id for method in shipped_methods()}:
        raise ValidationError(
            _("“%(name)s” is a method that comes with the product. Give yours another id.")
            % {"name": found.id}
        )
    if found.min_n < LEAST_N or found.min_n_eff < LEAST_N_EFF:
        raise ValidationError(
            _("publication.min_n must be at least %(n)s and min_n_eff at least %(n_eff)s.")
            % {"n": LEAST_N, "n_eff": LEAST_N_EFF}
        )
    return found


def check_choice(
    *, first: date, methods: Sequence[dict[str, str]], operator: str, value: Decimal
) -> None:
    """Whether methods can be chosen from a day on.

    Raises
    ------
    ValidationError
        No method, one that is not there, a target that is none, or a period from that day on has
        been computed for release already.
    """
    if not methods:
        raise ValidationError({"methods": _("Choose at least one method.")})
    names = [method["id"] for method in methods]
    if len(set(names)) < len(names):
        raise ValidationError({"methods": _("Choose one version of each method.")})
    for method in methods:
        locate_method(method["id"], method["sha256"])
    if operator not in OPERATORS or not Decimal(0) <= value <= Decimal(100):
        raise ValidationError({"value": _("A target lies between 0 and 100.")})
    for edition in Edition.objects.all():
        computed = not edition.is_preview or edition.released_at is not None
        if computed and parse_period(edition.period).last >= first:
            raise ValidationError(
                {
                    "first": _(
                        "Figures of %(period)s have been computed: choose a later period. What "
                        "was computed stays under its method."
                    )
                    % {"period": parse_period(edition.period).title}
                }
            )


@transaction.atomic
def choose_methods(
    *,
    first: date,
    methods: Sequence[dict[str, str]],
    operator: str,
    value: Decimal,
    now: datetime,
) -> MethodChoice:
    """From a period on, these methods are computed, the first as the main one, beside this
    target.
    """
    check_choice(first=first, methods=methods, operator=operator, value=value)
    return MethodChoice.objects.create(
        valid_from=first,
        methods=list(methods),
        target_operator=operator,
        target_value=value,
        chosen_at=now,
    )
