"""Everything an analyst needs of an edition in one file: rows with weights, codebook, method, and a
program that finds the published index again.
"""

from __future__ import annotations
