"""A visit to a page: who came by a link of ours, in which language, and whether to look or to act."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs

from homing.domain.moments import Moment
from homing.domain.unsubscribe import Subscriber
from homing.web.look import FALLBACK, Words, languages, words


class Visit(NamedTuple):
    """`token` is that of the link, `asks` the parameter `ask` of its address; only who `acts` changes anything."""

    request: Mapping[str, Any]
    subscriber: Subscriber
    token: str
    language: str
    asks: str
    acts: bool
    now: Moment

    @classmethod
    def by(cls, request: Mapping[str, Any], subscriber: Subscriber, token: str, now: Moment) -> Self:
        """The visit that an API Gateway request makes."""
        acts = request["requestContext"]["http"]["method"] == "POST"
        asks = _query(request).get("ask", [""])[0]
        return cls(request, subscriber, token, language_of(request), asks, acts, now)

    @property
    def words(self) -> Words:
        """All that the pages say in the visitor's language."""
        return words(self.language)

    @property
    def here(self) -> str:
        """The page in the visitor's language, as it opens, seen from itself."""
        return f"?lang={self.language}"


def language_of(request: Mapping[str, Any]) -> str:
    """The link's own language (`?lang=`), else the browser's first that we speak, else English."""
    accepted = str(request.get("headers", {}).get("accept-language", "")).split(",")
    tags = [tag.strip()[:2].lower() for tag in (*_query(request).get("lang", []), *accepted)]
    spoken = dict(languages())
    return next((tag for tag in tags if tag in spoken), FALLBACK)


def _query(request: Mapping[str, Any]) -> Mapping[str, list[str]]:
    return parse_qs(request.get("rawQueryString") or "")
