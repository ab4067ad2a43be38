"""The preference page as a shopper's browser has it: read, changed at one place, and sent back."""

import re
from html import unescape
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode

_SHOWN: Final = re.compile(r'name="shown" value="([^"]*)"')
_PAUSED: Final = 'value="resume"'


class Page(NamedTuple):
    """What the page says to stand: the fields of its form, and whether mails are paused."""

    fields: tuple[tuple[str, str], ...]
    is_paused: bool

    @classmethod
    def read(cls, html: str) -> Self | None:
        """The page; None where it is another one, which lets nothing be chosen."""
        shown = _SHOWN.search(html)
        if shown is None:
            return None
        return cls(tuple(parse_qsl(unescape(shown[1]), keep_blank_values=True)), _PAUSED in html)

    @property
    def frequency(self) -> str:
        return dict(self.fields)["frequency"]

    @property
    def wants_marketing(self) -> bool:
        return ("purpose", "marketing") in self.fields

    def form(self, wish: str) -> str:
        """The body of the form as the shopper with this wish sends it: a frequency, `nothing` or `everything`."""
        shown = urlencode(self.fields)
        others = [(name, value) for name, value in self.fields if name not in ("purpose", "frequency")]
        purposes = [] if wish == "nothing" else [field for field in self.fields if field[0] == "purpose"]
        if wish == "everything" and not self.wants_marketing:
            purposes.append(("purpose", "marketing"))
        frequency = self.frequency if wish in ("nothing", "everything") else wish
        return urlencode([("shown", shown), *purposes, ("frequency", frequency), *others, ("do", "save")])
