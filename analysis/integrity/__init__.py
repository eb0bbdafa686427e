"""Rules that ask whether the answers of an agency were stuffed, copied or pressed for.

Facts of an agency and month (``facts``) -> families of tests against its equals and its own past
(``families``, ``patterns``, ``bursts``) -> what is proposed (``flags``). Texts and thresholds are
data (``rules.toml``).
"""
