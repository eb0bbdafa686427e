"""Which fault a number chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FAULTY: Final = "+8490000"
"""Numbers with this beginning choose a fault by their last four digits."""
FAULTS: Final[Mapping[str, str]] = {
    "0001": "21211",
    "0002": "21612",
    "0003": "21408",
    "0004": "21610",
    "0005": "429",
    "0006": "500-before",
    "0007": "500-after",
    "0008": "hang-after",
    "0009": "21614",
    "0010": "30003",
    "0011": "30007",
    "0012": "no-callback",
    "0013": "reversed",
    "0014": "doubled",
    "0015": "early-callback",
    "0016": "reset-after",
    "0017": "20003",
    "0018": "rfc9457",
    "0019": "wrong-signature",
    "0020": "parts",
    "0021": "21606",
    "0022": "unknown-fields",
    "0023": "429-bare",
    "0024": "21611",
    "0025": "21212",
    "0026": "30042",
    "0027": "21617",
    "0028": "unknown-status",
    "0029": "unknown-sid",
    "0030": "slow-list",
    "0031": "30036",
    "0032": "30005",
}
