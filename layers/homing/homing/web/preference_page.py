"""The preference page: what stands, as a form; what comes back of it; and what else can be asked for there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from homing.domain.moments import Moment
from homing.domain.preferences import Wishes
from homing.domain.rights import Right
from homing.errors import InvalidRequest
from homing.usecases.preferences import Preferences, Standing
from homing.web.http import Answer, form_of
from homing.web.look import Look, day
from homing.web.visit import Visit
from homing.web.wishes_form import Choices, Fields, read_wishes, shown_field

_NO_BREAK = "\u2060"


class Ask(Protocol):
    """Notes what a shopper asks for; False where nothing is held of them any more."""

    def __call__(self, right: Right, profile_id: str, *, now: Moment) -> bool: ...


@dataclass(frozen=True, slots=True)
class PreferencePage:
    """The page of one visit."""

    visit: Visit
    look: Look
    choices: Choices
    preferences: Preferences
    ask: Ask

    def answer(self, standing: Standing | None) -> Answer:
        """The page as it opens, or what becomes of the button that was pressed on it."""
        if standing is None:
            return self._moved()
        standing = self._as_offered(standing)
        if self.visit.acts:
            return self._act(standing)
        right = _right(self.visit.asks)
        return self._page(200, standing) if right is None else self._really(right, standing)

    def _act(self, standing: Standing) -> Answer:
        """What one of the page's buttons does. What cannot be read changes nothing."""
        try:
            pressed, fields = self._pressed()
            return self._acts[pressed](standing, fields)
        except InvalidRequest as error:
            said = self.visit.words
            if error.status == 413:
                return self._message(413, said["too_large"], rather=(self.visit.here, said["back"]))
            return self._page(400, standing, fault=said["faults"]["unreadable"])

    def _pressed(self) -> tuple[str, Fields]:
        """The button that was pressed, and the fields that came with it. Raises InvalidRequest."""
        fields = form_of(self.visit.request)
        buttons = [value for name, value in fields if name == "do"]
        if len(buttons) != 1 or buttons[0] not in self._acts:
            raise InvalidRequest(400, "do: one button that the page has")
        return buttons[0], [field for field in fields if field[0] != "do"]

    @property
    def _acts(self) -> dict[str, Callable[[Standing, Fields], Answer]]:
        return {
            "save": self._save,
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
            "data": lambda standing, _fields: self._note("data", standing),
            "erasure": lambda standing, _fields: self._note("erasure", standing),
        }

    def _save(self, standing: Standing, fields: Fields) -> Answer:
        shown, wished = read_wishes(fields, self.choices.with_standing(standing.wishes), standing.wishes)
        if not wished.is_possible:
            return self._page(400, standing._replace(wishes=wished), shown=shown, birthday_fault=True)
        after = standing.wishes.after(shown, wished)
        notice = "unchanged" if after == standing.wishes else "saved"
        wording = self.look.wording(self.visit.language)
        saved = self.preferences.save(self.visit.subscriber, standing, after, wording=wording, now=self.visit.now)
        return self._page(200, saved, notice=notice)

    def _pause(self, standing: Standing, _fields: Fields) -> Answer:
        paused = self.preferences.pause(self.visit.subscriber, standing, self.visit.now)
        return self._page(200, paused, notice="paused")

    def _resume(self, standing: Standing, _fields: Fields) -> Answer:
        resumed = self.preferences.resume(self.visit.subscriber, standing, self.visit.now)
        return self._page(200, resumed, notice="resumed")

    def _stop(self, standing: Standing, _fields: Fields) -> Answer:
        self.preferences.stop_all(self.visit.subscriber, self.visit.now)
        nothing = standing.wishes._replace(purposes=frozenset())
        return self._page(200, standing._replace(wishes=nothing), notice="stopped")

    def _note(self, right: Right, standing: Standing) -> Answer:
        is_held = self.ask(right, self.visit.subscriber.profile_id, now=self.visit.now)
        return self._page(200, standing, notice=right if is_held else "nothing_held")

    def _really(self, right: Right, standing: Standing) -> Answer:
        """A page of its own for what is not to be asked for by a slip of the finger."""
        said, back = self.visit.words["ask"][right], (self.visit.here, self.visit.words["back"])
        button = {"press": said["press"], "do": right, "action": self.visit.here}
        return self._message(200, said, rather=back, email=masked(standing.email), **button)

    def _moved(self) -> Answer:
        """For whoever reads the mails of an address that is not the profile's: they can stop them, and see nothing."""
        said, status = self.visit.words["moved"], 200
        if self.visit.acts:
            try:
                pressed, _ = self._pressed()
            except InvalidRequest as error:
                pressed, status = "", error.status
            if pressed == "stop":
                self.preferences.stop_all(self.visit.subscriber, self.visit.now)
                return self.look.message(200, self.visit.language, said["done_title"], said["done"])
            status = max(status, 400)
        return self._message(status, said, press=said["press"], do="stop")

    def _message(self, status: int, said: Any, **more: Any) -> Answer:
        return self.look.message(status, self.visit.language, said["title"], said["text"], **more)

    def _as_offered(self, standing: Standing) -> Standing:
        """What stands, in the spelling of the shop's own interests."""
        wishes = standing.wishes
        interests = self.choices.with_standing(wishes).spelled(wishes.interests)
        return standing._replace(wishes=wishes._replace(interests=interests))

    def _page(
        self,
        status: int,
        standing: Standing,
        *,
        notice: str | None = None,
        fault: str | None = None,
        shown: Wishes | None = None,
        birthday_fault: bool = False,
    ) -> Answer:
        wishes, said, language = standing.wishes, self.visit.words, self.visit.language
        offered = self.choices.with_standing(wishes)
        until = day(standing.contact.paused_until or 0, language) if standing.is_paused(self.visit.now) else None
        return self.look.page(
            status,
            "preferences",
            language,
            switch=True,
            notice=notice and self.look.filled(said["notices"][notice], date=until),
            fault=fault,
            birthday_fault=birthday_fault,
            suppressed=standing.contact.suppressed is not None,
            email=masked(standing.email),
            shown=shown_field(shown or wishes),
            wishes=wishes,
            interests=offered.interests,
            channels=("", *offered.channels),
            days=[(number, number) for number in range(1, 32)],
            months=list(enumerate(said["months"], 1)),
            paused_until=until,
        )


def masked(email: str) -> str:
    """`a…@example.com`: enough for whoever owns it, and not for whoever looks over a shoulder."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…{_NO_BREAK}@{domain}"


def _right(asked: str) -> Right | None:
    rights: tuple[Right, ...] = ("data", "erasure")
    return next((right for right in rights if right == asked), None)
