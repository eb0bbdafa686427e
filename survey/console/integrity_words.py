"""What a rule found, in words and as two bars: what was seen, and what it is compared with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from survey.common.numbers import format_number
from survey.integrity.back_check_table import BackCheckLine
from survey.integrity.rule_words import language_of_rules, write_percent
from survey.responses.exclusions import LevelShares
from survey.scorecards.bridge.stuffing import Measured, Rules

WIDTH: Final = 100
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Bar:
    """A figure with its length of a hundred; ``kind`` is its class on the page."""

    label: str
    text: str
    width: int
    kind: str


@dataclass(frozen=True)
class Told:
    """A finding for a reader."""

    code: str
    title: str
    text: str
    bars: list[Bar]
    discovery: bool


def tell_findings(findings: list[dict[str, Any]], rules: Rules) -> list[Told]:
    """Findings in words; one of a rule that is no longer there keeps its code."""
    return [_tell(one, rules) for one in findings]


def _tell(finding: Mapping[str, Any], rules: Rules) -> Told:
    code = str(finding["rule"])
    rule = rules.rules.get(code)
    texts = (rule.title, rule.text) if rule else ({}, {})
    title, text = (one.get(language_of_rules(), one.get("vi", code)) for one in texts)
    threshold = rule.threshold if rule else 0.0
    draw = _DRAWN.get(code, _counted)
    return Told(
        code, title, text, draw(finding["inputs"], threshold), bool(finding.get("discovery"))
    )


def _bars(*rows: tuple[str, float, str]) -> list[Bar]:
    most = max((abs(value) for _label, value, _text in rows), default=0) or 1
    kinds = ("seen", "usual")
    return [
        Bar(label, text, round(WIDTH * abs(value) / most), kind)
        for kind, (label, value, text) in zip(kinds, rows, strict=True)
    ]


def _share(count: float, size: float) -> tuple[float, str]:
    """A share, and how it is written: with its numbers."""
    share = count / size if size else 0.0
    told = _("%(share)s (%(count)s of %(size)s)") % {
        "share": write_percent(share),
        "count": format_number(round(count), 0),
        "size": format_number(round(size), 0),
    }
    return share, told


def _counted(inputs: Inputs, threshold: float) -> list[Bar]:
    count = int(inputs.get("count", 0))
    return _bars(
        (pgettext("number", "found"), count, format_number(count, 0)),
        (_("threshold"), threshold, format_number(math.floor(threshold), 0)),
    )


def _burst(inputs: Inputs, _threshold: float) -> list[Bar]:
    count, mean = int(inputs["count"]), float(inputs["mean"])
    told = ngettext("%(n)s answer", "%(n)s answers", count) % {"n": count}
    return _bars(
        (_("fullest ten minutes"), count, told),
        (_("fullest by chance"), mean, format_number(mean, 1)),
    )


def _marked(inputs: Inputs, _threshold: float) -> list[Bar]:
    share, told = _share(inputs["count"], inputs["size"])
    usual = math.sin(float(inputs["median"])) ** 2
    return _bars((_("here"), share, told), (_("median of equals"), usual, write_percent(usual)))


def _before(inputs: Inputs, _threshold: float) -> list[Bar]:
    now, told = _share(inputs["count"], inputs["size"])
    was, told_before = _share(inputs["count_before"], inputs["size_before"])
    return _bars((_("this month"), now, told), (_("six months before"), was, told_before))


def _gap(inputs: Inputs, _threshold: float) -> list[Bar]:
    if "top_counter" in inputs:
        one, told = _share(inputs["top_counter"], inputs["size_counter"])
        two, told_two = _share(inputs["top_link"], inputs["size_link"])
    else:
        one, two = float(inputs["counter"]), float(inputs["link"])
        told, told_two = format_number(one, 2), format_number(two, 2)
    return _bars((_("at the counter"), one, told), (_("by link"), two, told_two))


def _shift(inputs: Inputs, _threshold: float) -> list[Bar]:
    now, was = float(inputs["mean"]), float(inputs["mean_before"])
    return _bars(
        (_("this month"), now, format_number(now, 2)),
        (_("six months before"), was, format_number(was, 2)),
    )


def _copies(inputs: Inputs, _threshold: float) -> list[Bar]:
    count, expected = int(inputs["count"]), float(inputs["expected"])
    told = ngettext("%(n)s pair", "%(n)s pairs", count) % {"n": count}
    return _bars(
        (_("the same"), count, told), (_("expected"), expected, format_number(expected, 1))
    )


def _phone(inputs: Inputs, _threshold: float) -> list[Bar]:
    share, told = _share(inputs["count"], inputs["size"])
    usual = float(inputs["share"])
    return _bars(
        (_("behind one number"), share, told), (_("elsewhere"), usual, write_percent(usual))
    )


def _left(inputs: Inputs, _threshold: float) -> list[Bar]:
    low_left, low_sent, high_left, high_sent = inputs["table"]
    low, told = _share(low_left, low_left + low_sent)
    high, told_high = _share(high_left, high_left + high_sent)
    return _bars((_("left after a low level"), low, told), (_("after a high one"), high, told_high))


def bars_of_shares(shares: LevelShares) -> list[Bar]:
    """Low levels among excluded answers, beside all of their counters and months."""
    out, told = _share(shares.excluded_low, shares.excluded)
    whole, told_whole = _share(shares.all_low, shares.all)
    return _bars((_("excluded answers"), out, told), (_("all answers there"), whole, told_whole))


def bars_of_back_check(line: BackCheckLine) -> list[Bar]:
    """Satisfied by telephone, beside what is counted; none where one of them is not shown."""
    if line.called is None or line.counted is None:
        return []
    pairs = ((_("by telephone"), line.called), (_("as counted"), line.counted))
    return _bars(*((label, one.value, write_limits(one)) for label, one in pairs))


def write_limits(share: Measured) -> str:
    """A share with its limits: ``90,0% (76,3–97,2)``."""
    low, high = (format_number(one, 1) for one in (share.low, share.high))
    return f"{format_number(share.value, 1)}% ({low}–{high})"


_DRAWN: Final[Mapping[str, Callable[[Inputs, float], list[Bar]]]] = {
    "F1": _burst,
    "F2": _marked,
    "F3": _before,
    "F4": _gap,
    "F5": _shift,
    "F6": _copies,
    "F8": _before,
    "F9": _phone,
    "F10": _left,
}
