"""A method is data: a frozen, versioned record of every choice behind a published number."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from analysis.counting.variables import Variable
from analysis.data.csv_text import decode_text
from analysis.data.schema import EVIDENCE
from analysis.errors import MethodError, SpecError
from analysis.method.choices import check_values
from analysis.method.fields import _checked
from analysis.method.values import check_range, read_bands, read_fractions
from analysis.rounding import rounded

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Method:
    """Every choice of one method; the fields are the keys of its TOML file (docs/method.md says
    what each does).

    ``range`` is what 0 and 100 stand for when the statistic is a score; ``bands`` are (lower edge,
    name), highest first, each half-open: a value belongs to the band whose edge it reaches.
    """

    id: str
    version: int
    titles: Mapping[str, str]
    answers: tuple[int, ...]
    satisfied: tuple[int, ...]
    opposed: tuple[int, ...]
    range: tuple[float, float]
    factors: Mapping[str, tuple[str, ...]]
    rule: str
    statistic: str
    missing: str
    detail: str
    by_domain: bool
    factor_weights: Mapping[str, Fraction]
    counted: tuple[str, ...]
    beside: tuple[str, ...]
    flagged: bool
    uncounted_flags: tuple[str, ...]
    channel_mix: Mapping[str, Fraction]
    weighting_cells: tuple[str, ...]
    min_cell: int
    trim: float
    overfull_share: float
    interval: str
    confidence: float
    min_n: int
    min_n_eff: int
    decimals: int
    rounding: str
    bands: tuple[tuple[Decimal, str], ...]
    sha256: str

    @property
    def items(self) -> tuple[str, ...]:
        """Items in the order of the factors."""
        return tuple(item for items in self.factors.values() for item in items)

    @property
    def parts(self) -> tuple[str, ...]:
        """What is counted apart: items, or whole factors where the method needs no items."""
        return tuple(self.factors) if self.detail == "factors" else self.items

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest value an index can have, as a share: a net share goes down to
        -1.
        """
        return (-1.0, 1.0) if self.statistic == "net" else (0.0, 1.0)

    def variables(self) -> list[Variable]:
        """What the kernel counts: per part valid answers ``v_`` and, as ``t_``, what the statistic
        adds up.
        """
        if self.detail == "factors":
            return [
                Variable(f"{name}_{factor}", items[0], "among", levels, more=items[1:])
                for name, levels in (("v", self.answers), ("t", self.satisfied))
                for factor, items in self.factors.items()
            ]
        needs = self.items if self.missing == "complete" else ()
        need: dict[str, Any] = {"needs": needs, "needs_levels": self.answers if needs else ()}
        valid = [Variable(f"v_{item}", item, "among", self.answers, **need) for item in self.items]
        if self.statistic == "score":
            return valid + [
                Variable(f"t_{item}", item, "value", self.answers, **need) for item in self.items
            ]
        levels: dict[str, Any] = {
            "levels": self.satisfied,
            "against": self.opposed if self.statistic == "net" else (),
        }
        return valid + [
            Variable(f"t_{item}", item, "among", **levels, **need) for item in self.items
        ]

    def band(self, value: float | Decimal | None) -> str:
        """Name of the band of a value as it is shown, rounded; empty without bands or below the
        lowest.
        """
        if value is None:
            return ""
        shown = rounded(value, self.decimals, self.rounding)
        return next((name for edge, name in self.bands if shown is not None and shown >= edge), "")

    @property
    def open_classes(self) -> tuple[str, ...]:
        """Classes that stand beside the index and not in it."""
        return tuple(c for c in self.beside if c not in self.counted)

    @property
    def counts_open(self) -> bool:
        """Whether answers that prove no presence stand inside the index: every output has to say
        so.
        """
        return "E0" in self.counted

    def counting(self, *classes: str) -> Method:
        """The same method with these evidence classes counted, and no others."""
        return replace(self, counted=tuple(c for c in EVIDENCE if c in classes), beside=())


def list_methods() -> list[str]:
    """Names of the methods that come with the package.

    Examples
    --------
    >>> "sipas-service" in list_methods()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_method_text(name: str) -> str:
    """The file of a shipped method, to begin one of one's own from.

    Examples
    --------
    >>> 'id = "overall"' in read_method_text("overall")
    True
    """
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def load_method(name: str | Path) -> Method:
    """Read a method by the name of a shipped file or by the path of an own one.

    Raises
    ------
    MethodError
        If there is no such file, or a key is missing, unknown or out of range; the message names
        the key.

    Examples
    --------
    >>> load_method("sipas-service").satisfied
    (4, 5)
    """
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise MethodError(
            "there is no method {name!r}; shipped: {list_methods}; or give a .toml file",
            name=str(name),
            list_methods=", ".join(list_methods()),
        )
    raw = path.read_bytes()
    try:
        text, _ = decode_text(raw, path.name)
        data = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (SpecError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise MethodError("{path}: not readable TOML: {error}", path=path, error=error) from error
    try:
        return _build(data, path, hashlib.sha256(raw).hexdigest())
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise MethodError(
            "{path}: a value is of the wrong kind or nested too deep: {error}",
            path=path,
            error=error,
        ) from error


def _build(data: dict[str, Any], path: Path, sha256: str) -> Method:
    flat = _checked(data, path)
    answers = tuple(flat["answers"])
    span = flat["range"] or [min(answers, default=0), max(answers, default=1)]
    check_range(span, path)
    method = Method(
        id=flat["id"],
        version=flat["version"],
        titles={"vi": flat["title_vi"], "en": flat["title_en"] or flat["title_vi"]},
        answers=answers,
        satisfied=tuple(flat["satisfied"]),
        opposed=tuple(flat["opposed"]),
        range=(float(span[0]), float(span[1])),
        factors={factor: tuple(items) for factor, items in data.get("factors", {}).items()},
        rule=flat["rule"],
        statistic=flat["statistic"],
        missing=flat["missing"],
        detail=flat["detail"],
        by_domain=flat["by_domain"],
        factor_weights=read_fractions("factor_weights", data, path),
        counted=tuple(flat["counted"]),
        beside=tuple(flat["beside"]),
        flagged=flat["flagged"],
        uncounted_flags=tuple(flat["uncounted_flags"]),
        channel_mix=read_fractions("channel_mix", data, path),
        weighting_cells=tuple(flat["cells"]),
        min_cell=flat["min_cell"],
        trim=float(flat["trim"]),
        overfull_share=float(flat["overfull_share"]),
        interval=flat["interval"],
        confidence=flat["confidence"],
        min_n=flat["min_n"],
        min_n_eff=flat["min_n_eff"],
        decimals=flat["decimals"],
        rounding=flat["rounding"],
        bands=read_bands(flat["bands"], path),
        sha256=sha256,
    )
    check_values(method, path)
    return method
