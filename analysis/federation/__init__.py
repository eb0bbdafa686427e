"""Provinces that add up: cells leave a province signed, a centre adds them; no row crosses."""

from __future__ import annotations
