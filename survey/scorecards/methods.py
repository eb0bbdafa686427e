"""Under which methods a period is computed: files of the province's own, and choices from a period
on that two people make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.common.periods import Period, parse_period
from survey.common.text import is_storable
from survey.scorecards.bridge.methods import (
    DEFAULT_TARGET,
    OPERATORS,
    MethodSummary,
    Target,
    shipped_methods,
    summarise_method,
)
from survey.scorecards.models import Edition, MethodChoice, MethodFile

USUAL: Final = ("sipas-service", "overall")
"""What is computed where nothing was chosen: the 16 criteria, and what everybody answers."""
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
    """Shipped methods, and the newest version of each of the province's own."""
    own: dict[str, MethodFile] = {}
    for row in MethodFile.objects.order_by("code", "version"):
        own[row.code] = row
    return [*shipped_methods(), *(summarise_method(str(_place(row))) for row in own.values())]


def find_chosen(period: Period) -> Chosen:
    """The methods and the target of a period: of the latest choice that holds when it begins."""
    choice = MethodChoice.objects.filter(valid_from__lte=period.first).first()
    if choice is None:
        return Chosen(
            tuple((name, summarise_method(name).sha256) for name in USUAL), DEFAULT_TARGET
        )
    methods = tuple((method["id"], method["sha256"]) for method in choice.methods)
    value = choice.target_value
    whole = value == value.to_integral_value()
    plain = value.quantize(Decimal(1)) if whole else value.normalize()
    return Chosen(methods, Target(_operator(choice), plain), choice)


def _operator(choice: MethodChoice) -> Any:
    return choice.target_operator


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
    if not (0 < found.version < 10_000) or len(found.id) > 60 or not found.id:
        raise ValidationError(_("The method needs an id of at most 60 characters and a version."))
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
    for method in methods:
        locate_method(method["id"], method["sha256"])
    if operator not in OPERATORS or not Decimal(0) <= value <= Decimal(100):
        raise ValidationError({"value": _("A target lies between 0 and 100.")})
    for edition in Edition.objects.exclude(released_at=None):
        if parse_period(edition.period).last >= first:
            raise ValidationError(
                {
                    "first": _(
                        "Figures of %(period)s have been released: choose a later period. What "
                        "was released stays under its method."
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
