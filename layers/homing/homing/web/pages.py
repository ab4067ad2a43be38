"""The shopper's pages: stop the mails, choose among them, confirm them, and ask for what is held.

A page opens by GET, which changes nothing, so that a mail scanner's visit does no harm; only POST does anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from homing.domain.moments import Moment
from homing.domain.unsubscribe import Purpose, make_token, read_token
from homing.ports import Contacts, Events, Profiles, Requests
from homing.usecases.confirm import confirm, waiting_for
from homing.usecases.preferences import Preferences
from homing.usecases.requests import ask
from homing.usecases.unsubscribe import unsubscribe
from homing.web.http import Answer
from homing.web.look import Look, words
from homing.web.preference_page import PreferencePage
from homing.web.visit import Visit, language_of
from homing.web.wishes_form import Choices


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one shop."""

    look: Look
    choices: Choices
    contacts: Contacts
    events: Events
    profiles: Profiles
    requests: Requests

    def answer(self, request: Mapping[str, Any], *, key: bytes, now: Moment) -> Answer:
        """The page that the request opens; 404 for a link that was not made here, with this key, for this page."""
        name = str(request["routeKey"]).split("/")[1]
        purpose: Purpose = "confirm" if name == "confirm" else "unsubscribe"
        token = str(request.get("pathParameters", {}).get("token", ""))
        subscriber = read_token(token, key, purpose)
        if subscriber is None:
            language = language_of(request)
            said = words(language)["unknown"]
            return self.look.message(404, language, said["title"], said["text"])
        visit = Visit.by(request, subscriber, token, now)
        if name == "confirm":
            return self._confirm(visit, make_token(subscriber, key))
        return self._unsubscribe(visit) if name == "unsubscribe" else self._preferences(visit)

    def _unsubscribe(self, visit: Visit) -> Answer:
        said, message = visit.words["stop"], partial(self.look.message, 200, visit.language)
        preferences = f"../preferences/{visit.token}{visit.here}"
        if not visit.acts:
            rather = (preferences, said["rather"])
            return message(said["title"], said["ask"], press=said["press"], rather=rather, switch=True)
        # The token alone decides: mail programs send the body of RFC 8058 in either form, our own button sends none.
        unsubscribe(visit.subscriber, profiles=self.profiles, contacts=self.contacts, events=self.events, now=visit.now)
        rather = (preferences, said["done_rather"])
        return message(said["done_title"], said["done"], note=said["done_note"], rather=rather)

    def _confirm(self, visit: Visit, token: str) -> Answer:
        """`token` is the one for the preference page."""
        said, message = visit.words["confirm"], partial(self.look.message, 200, visit.language)
        if visit.acts:
            if confirm(visit.subscriber, profiles=self.profiles, events=self.events, now=visit.now):
                rather = (f"../preferences/{token}{visit.here}", said["rather"])
                return message(said["done_title"], said["done"], rather=rather)
        elif waiting := waiting_for(visit.subscriber, profiles=self.profiles):
            purposes = visit.words["preferences"]["purposes"]
            items = tuple(purposes[purpose]["text"] for purpose in waiting)
            press, note = said["press"], said["otherwise"]
            return message(said["title"], said["ask"], press=press, items=items, note=note, switch=True)
        return message(said["nothing_title"], said["nothing"])

    def _preferences(self, visit: Visit) -> Answer:
        preferences = Preferences(self.profiles, self.contacts, self.events)
        page = PreferencePage(
            visit, self.look, self.choices, preferences, partial(ask, requests=self.requests, profiles=self.profiles)
        )
        return page.answer(preferences.standing(visit.subscriber))
