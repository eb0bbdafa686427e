"""Whether a text is the file of a questionnaire; what is wrong is said with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from survey.common.text import is_storable

MAX_FILE_CHARACTERS: Final = 200_000
MAX_WORDS: Final = 1000
"""Characters of one text; a citizen reads it on a phone."""
MAX_BASIS: Final = 300
CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
QUESTIONNAIRE_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
# Keys of so many parts and numbers of so many digits: the parser's time grows with their square.
_ENDLESS: Final = re.compile(r"(?:[\w\"'-]+\s*\.\s*){60}|\d{60}")


def parse_questionnaire(text: str) -> dict[str, Any]:
    """The data of a TOML file of the shape of ``library/counter-short.toml``.

    Raises
    ------
    ValidationError
        Names the line or the place, and what belongs there.
    """
    data = _parse(text)
    if not _is_code(data.get("code"), QUESTIONNAIRE_CODE):
        raise _fault("code", _("small letters, digits and dashes"))
    if "extends" in data and not _is_code(data["extends"], QUESTIONNAIRE_CODE):
        raise _fault("extends", _("the code of another questionnaire"))
    basis = data.get("legal_basis", "")
    if not isinstance(basis, str) or len(basis) > MAX_BASIS or not is_storable(basis):
        raise _fault(
            "legal_basis", _("a text of at most %(most)s characters") % {"most": MAX_BASIS}
        )
    _check_words("title", data.get("title"))
    _check_words("intro", data.get("intro"))
    factors = _list(data, "factor", "factor")
    for place, factor in enumerate(factors, start=1):
        _check_factor(f"factor {place}", factor)
    _check_once("factor", [factor["code"] for factor in factors])
    _check_once("question", [q["code"] for factor in factors for q in factor["question"]])
    return data


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_FILE_CHARACTERS:
        raise ValidationError(_("The file is too large to be a questionnaire."))
    if not is_storable(text):
        raise ValidationError(_("The file holds characters that cannot be stored."))
    if _ENDLESS.search(text):
        raise ValidationError(_("The file is nested too deeply."))
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise ValidationError(_("The file is no TOML: %(error)s") % {"error": error}) from error
    except RecursionError as error:
        raise ValidationError(_("The file is nested too deeply.")) from error
    return data


def _is_code(value: object, shape: re.Pattern[str]) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _check_once(where: str, codes: list[str]) -> None:
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise _fault(f"{where} {twice}", _("a code that stands once"))


def _check_factor(where: str, factor: Mapping[str, Any]) -> None:
    _check_code(where, factor)
    _check_words(f"{where}, text", factor.get("text"))
    for place, question in enumerate(_list(factor, "question", f"{where}, question"), start=1):
        _check_question(f"{where}, question {place}", question)


def _check_question(where: str, question: Mapping[str, Any]) -> None:
    _check_code(where, question)
    _check_words(f"{where}, text", question.get("text"))
    if not isinstance(question.get("kind"), str):
        raise _fault(f"{where}, kind", _("the name of a kind of question"))
    for flag in ("required", "not_applicable"):
        if not isinstance(question.get(flag, False), bool):
            raise _fault(f"{where}, {flag}", "true / false")
    options, condition = question.get("options", {}), question.get("shown_when", {})
    if not isinstance(options, dict):
        raise _fault(f"{where}, options", _("a table of codes and words"))
    for code, words in options.items():
        if not _is_code(code, CODE):
            raise _fault(f"{where}, options", _("small letters, digits and dashes"))
        _check_words(f"{where}, options.{code}", words)
    if not isinstance(condition, dict) or not all(
        _is_code(code, CODE) and isinstance(answers, list) and all(map(_is_answer, answers))
        for code, answers in condition.items()
    ):
        raise _fault(f"{where}, shown_when", _("a table of question codes and lists of answers"))


def _is_answer(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and is_storable(value))


def _check_code(where: str, part: Mapping[str, Any]) -> None:
    if not _is_code(part.get("code"), CODE):
        raise _fault(f"{where}, code", _("letters, digits and dashes, at most 20"))


def _check_words(where: str, words: object) -> None:
    known = {code for code, _name in settings.LANGUAGES}
    if not isinstance(words, dict) or not words.get(settings.LANGUAGE_CODE):
        raise _fault(where, _("the words by language, Vietnamese at least"))
    for language, text in words.items():
        if language not in known:
            raise _fault(
                f"{where}.{language}", _("one of %(all)s") % {"all": ", ".join(sorted(known))}
            )
        if not isinstance(text, str) or len(text) > MAX_WORDS or not is_storable(text):
            raise _fault(
                f"{where}.{language}",
                _("a text of at most %(most)s characters") % {"most": MAX_WORDS},
            )


def _list(data: Mapping[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    found = data.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(x, dict) for x in found):
        raise _fault(where, f"[[{name}]]")
    return found


def _fault(where: str, wanted: object) -> ValidationError:
    return ValidationError(
        _("Place “%(where)s” of the file: %(wanted)s belongs there.")
        % {"where": where, "wanted": wanted}
    )
