"""Templates are indented for who reads them; what is sent is not.

Indentation goes when a template is loaded, once, never from a page: what somebody typed keeps its
spaces.
"""

from __future__ import annotations

import re
from typing import Final

from django.template import Origin
from django.template.loaders.filesystem import Loader

_INDENT: Final = re.compile(r"(?m)^[ \t]+")


class UnindentedLoader(Loader):
    """Loads our own templates without the white space their lines begin with."""

    def get_contents(self, origin: Origin) -> str:
        """The text of a template."""
        return _INDENT.sub("", super().get_contents(origin))
