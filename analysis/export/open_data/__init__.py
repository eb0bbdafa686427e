"""An edition as open data: one folder of files in public formats, each made from the same rows."""

from __future__ import annotations
