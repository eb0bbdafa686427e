"""What everybody may read: results by edition, open data, calendar and corrections."""
