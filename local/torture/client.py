"""The shop's client and its shoppers' browsers: they do what a story tells, and repeat what got no answer."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from homing.domain.moments import DAY, HOUR, MINUTE, WEEK, Duration, Moment, format_moment
from local.cloud import Cloud, Mail, Response
from local.torture.chronicle import Change, Chronicle, state_of, text
from local.torture.faults import Faults
from local.torture.mail_rules import MailRules, Wish
from local.torture.names import contact_of
from local.torture.operator import Operator
from local.torture.preferences import Page
from local.torture.stories import Act, Shopper, Story
from local.torture.warming import HEADERS

_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_ONE_CLICK: Final = "List-Unsubscribe=One-Click"
_BACK_OFF: Final = (10_000, MINUTE, 10 * MINUTE, HOUR)
_PAUSE: Final = 30 * DAY
_GAPS: Final = {"all": None, "weekly": WEEK, "monthly": 30 * DAY}
_CONFIRM: Final = re.compile(r"https://[^/\s\"]+(/confirm/[\w.\-]+)")

Line = dict[str, Any]


class Client:
    """Acts out a story on a cloud. What it was told in answer is kept, for the judges."""

    def __init__(self, cloud: Cloud, story: Story, faults: Faults, chronicle: Chronicle, rules: MailRules) -> None:
        self.acknowledged: list[Line] = []
        """Every message that the API has said to be durable, in the order of the answers."""
        self.answers: list[str] = []
        self._cloud = cloud
        self._story = story
        self._faults = faults
        self._chronicle = chronicle
        self._rules = rules
        self._addresses = [0 for _ in story.shoppers]
        self._sent: list[list[Line]] = [[] for _ in story.shoppers]
        self._numbers = 0
        self._told_as_proven: set[str] = set()
        self._operator = Operator(cloud, chronicle, rules.erasures)

    def judge(self) -> None:
        """What the API has said to be durable is there still, whatever became of it meanwhile."""
        self._hold_to(self.acknowledged, "nothing lost silently")

    def do(self, act: Act) -> None:
        """One act of the story, now."""
        shopper = self._story.shoppers[act.shopper]
        verb: Callable[..., None] = getattr(self, f"_{act.verb}")
        verb(act.shopper, shopper, **act.told)

    # What shoppers do in the shop

    def _signs_up(self, number: int, shopper: Shopper, device: int | None = None) -> None:
        self._tell(number, self._identify(number, shopper, device=device, consent=True))

    def _is_known(self, number: int, shopper: Shopper, ago: int) -> None:
        address = shopper.address(self._addresses[number])
        self._proven(address)
        self._told_as_proven.add(contact_of(address))
        self._tell(number, self._identify(number, shopper, consent=True, proven=True, ago=ago * DAY))

    def _agrees(self, number: int, shopper: Shopper) -> None:
        self._rules.stopped.discard(contact_of(shopper.address(self._addresses[number])))
        self._tell(number, self._identify(number, shopper, consent=True))

    def _withdraws(self, number: int, shopper: Shopper) -> None:
        self._tell(number, self._identify(number, shopper, consent=False))

    def _moves(self, number: int, shopper: Shopper, address: int) -> None:
        before = shopper.address(self._addresses[number])
        if address != self._addresses[number]:
            self._rules.moved_at[contact_of(before)] = self._now
        self._addresses[number] = address
        if contact_of(before) in self._told_as_proven:  # the shop's word is for the person, wherever they read
            self._proven(shopper.address(address))
        if contact_of(before) in self._rules.stopped:  # and so is their stop
            self._rules.stopped.add(contact_of(shopper.address(address)))
        self._tell(number, self._identify(number, shopper))

    def _browses(self, number: int, shopper: Shopper, product: int, device: int | None = None) -> None:
        self._tell(number, self._track(shopper, "Product Viewed", _product(shopper, product), device))

    def _adds(self, number: int, shopper: Shopper, product: int, device: int | None = None) -> None:
        del device
        self._tell(number, self._track(shopper, "Product Added", _product(shopper, product)))

    def _orders(self, number: int, shopper: Shopper, order: str, total: int, ago: int = 0) -> None:
        properties = {
            "order_id": f"{shopper.marker}-{order}",
            "total": total,
            "currency": "EUR",
            "products": [_product(shopper, 0)],
        }
        message = self._track(shopper, "Order Completed", properties)
        self._tell(number, message | {"timestamp": format_moment(self._now - ago * DAY)})

    def _refunds(self, number: int, shopper: Shopper, order: str) -> None:
        self._tell(
            number, self._track(shopper, "Order Refunded", {"order_id": f"{shopper.marker}-{order}", "total": 3})
        )

    def _returns(self, number: int, shopper: Shopper) -> None:
        """On another device, where the client signs the shopper in."""
        self._tell(number, self._track(shopper, "Product Viewed", _product(shopper, 1), 2, known=False))
        self._tell(number, self._identify(number, shopper, device=2))

    def _repeats(self, number: int, shopper: Shopper) -> None:
        """The client sends all that it has ever sent once more."""
        del shopper
        for message in reversed(self._sent[number][-5:]):
            self._post([message])

    # What shoppers do with their mails

    def _unsubscribes(self, number: int, shopper: Shopper, address: int | None = None) -> None:
        """By the newest mail, or by that of an address of theirs."""
        mail = self._newest(shopper, "List-Unsubscribe", address)
        if mail is None:
            return self._withdraws(number, shopper)
        path = _unsubscribe_path(mail)
        contact = contact_of(mail.to[0])
        self._insist("POST", path, _ONE_CLICK, partial(self._is_stopped, contact))
        return None

    def _scans(self, number: int, shopper: Shopper) -> None:
        """A link scanner follows every link of the newest mail."""
        mail = self._newest(shopper, "List-Unsubscribe")
        if mail is not None:
            for method in ("GET", "HEAD", "OPTIONS"):
                with self._nothing_changes("looking changes nothing"):
                    self._request(method, _unsubscribe_path(mail), "")

    def _meddles(self, number: int, shopper: Shopper) -> None:
        """Somebody puts another contact into the link that they got."""
        mail = self._newest(shopper, "List-Unsubscribe")
        other = self._story.shoppers[number - 1]
        if mail is not None and other is not shopper:
            stem, _, token = _unsubscribe_path(mail).rpartition("/")
            _, profile, proof = token.split(".")
            for path in (stem, "/confirm"):
                with self._nothing_changes("a token is one person's"):
                    forged = f"{path}/{contact_of(other.address())}.{profile}.{proof}"
                    self._request("POST", forged, _ONE_CLICK, _FORM)

    def _confirms(self, number: int, shopper: Shopper) -> None:
        found = ((mail, _CONFIRM.search(mail.text or "")) for mail in reversed(self._chronicle.mails))
        for mail, link in found:
            if link is not None and f"{shopper.marker}." in mail.to[0]:
                self._proven(mail.to[0])
                self._insist("POST", link[1], "", lambda: None)
                return

    def _prefers(self, number: int, shopper: Shopper, wish: str = "weekly") -> None:
        """On the preference page, by the link of the newest mail."""
        path, contact = self._preferences_of(shopper)
        if path is None:
            return None
        answer = self._request("GET", path, "")
        page = None if answer is None else Page.read(answer.body.decode())
        if page is None:  # lost on the way, or an old address, under which nothing can be chosen
            return None
        if wish == "everything":
            self._proven(self._newest(shopper, "List-Unsubscribe").to[0])  # type: ignore[union-attr] # its link was followed
        form = "do=pause" if wish == "pause" else page.form(wish)
        return self._save(path, form, contact, stops=wish == "nothing" and page.wants_marketing)

    def _save(self, path: str, form: str, contact: str, *, stops: bool, tries: int = 0) -> None:
        """Sends the form until it is answered, and holds the page to its word."""
        contacts = self._rules.contacts_like(contact)
        for one in contacts:
            self._rules.wishes.pop(one, None)  # whose form wins is not known before it is answered
        answer = self._request("POST", path, form, _FORM)
        if answer is None or answer.status >= 500:
            return self._again(partial(self._save, path, form, contact, stops=stops, tries=tries + 1), tries)
        page = Page.read(answer.body.decode())
        if page is not None:
            paused_until = self._now + _PAUSE if form == "do=pause" else None
            self._rules.wishes |= dict.fromkeys(contacts, Wish(_GAPS[page.frequency], paused_until))
            if form == "do=pause" and not page.is_paused:
                self._chronicle.violated("wishes are kept", f"{contact} asked for a pause, and the page knows of none")
            if stops:
                self._is_stopped(contact)
        return None

    def _asks(self, number: int, shopper: Shopper, right: str) -> None:
        """Asks on the preference page for what is held, or to be erased: for a person to answer."""
        path, _ = self._preferences_of(shopper)
        if path is not None:
            self._insist(
                "POST", path, f"do={right}", partial(self._is_noted, shopper, right, path), refused=frozenset({400})
            )

    def _asks_erasure(self, number: int, shopper: Shopper) -> None:
        self._asks(number, shopper, "erasure")

    def _asks_data(self, number: int, shopper: Shopper) -> None:
        self._asks(number, shopper, "data")

    def _is_noted(self, shopper: Shopper, right: str, path: str) -> None:
        asked = {sk for pk, sk in self._chronicle.items if pk == "REQUEST"}
        own = path.split(".")[1]
        image = self._chronicle.items.get((f"P#{own}", "PROFILE"))
        owner = own if image is None else state_of(image).get("joined_to") or own
        if f"{right}#{owner}" not in asked and not self._rules.erasures.is_gone(shopper):
            self._chronicle.violated("requests are kept", f"{shopper.user_id} asked for {right}, and nobody knows")

    # What the operator does

    def _is_erased(self, number: int, shopper: Shopper, cut_off: int | None = None) -> None:
        self._operator.erase(shopper, cut_off)

    # How it is told

    @property
    def _now(self) -> Moment:
        return self._cloud.timers.now()

    def _preferences_of(self, shopper: Shopper) -> tuple[str | None, str]:
        """The path of the page to which the newest mail leads, and the contact it is about."""
        mail = self._newest(shopper, "List-Unsubscribe")
        if mail is None:
            return None, ""
        return _unsubscribe_path(mail).replace("/unsubscribe/", "/preferences/"), contact_of(mail.to[0])

    def _proven(self, address: str) -> None:
        self._rules.proven.add(contact_of(address))
        self._rules.stopped.discard(contact_of(address))

    @contextmanager
    def _nothing_changes(self, rule: str) -> Iterator[None]:
        """The pages write nothing in here."""
        changes: list[Change] = []
        self._chronicle.on_change.append(changes.append)
        yield
        self._chronicle.on_change.remove(changes.append)
        for change in changes:
            if change.by == "PagesFunction":
                self._chronicle.violated(rule, f"{change.pk} {change.sk} was written")

    def _is_stopped(self, contact: str) -> None:
        image = self._chronicle.items.get((f"C#{contact}", "CONTACT"), {})
        if image.get("consent", {}).get("BOOL") and not text(image, "suppressed"):
            self._chronicle.violated("stop means stop", f"{contact} unsubscribed, was answered, and may get mail still")
        contacts = self._rules.contacts_like(contact)
        self._rules.stopped.update(contacts)
        self._rules.proven.difference_update(contacts)

    def _newest(self, shopper: Shopper, header: str, address: int | None = None) -> Mail | None:
        named = f"{shopper.marker}." if address is None else shopper.address(address)
        mails = (mail for mail in reversed(self._chronicle.mails) if named in mail.to[0])
        return next((mail for mail in mails if header in dict(mail.headers)), None)

    def _identify(
        self,
        number: int,
        shopper: Shopper,
        *,
        device: int | None = None,
        consent: bool | None = None,
        proven: bool = False,
        ago: Duration = 0,
    ) -> Line:
        told = {
            "firstName": f"Ada {shopper.marker}.",
            "email": shopper.address(self._addresses[number]),
            "language": shopper.language,
            "timezone": shopper.timezone,
            "birthday": shopper.birthday,
        }
        message = self._message(shopper, "identify", device, ago) | {
            "traits": {name: value for name, value in told.items() if value is not None}
        }
        if consent is not None:
            asked: Line = {"categoryPreferences": {"marketing": consent}}
            proof = {"confirmedAt": format_moment(self._now - ago)} if proven else {}
            message["context"] = {"consent": asked | proof}
        return message

    def _track(
        self, shopper: Shopper, event: str, properties: Line, device: int | None = None, *, known: bool = True
    ) -> Line:
        message = self._message(shopper, "track", device) | {"event": event, "properties": properties}
        if not known:
            del message["userId"]
        return message

    def _message(self, shopper: Shopper, kind: str, device: int | None, ago: Duration = 0) -> Line:
        self._numbers += 1
        named = {} if device is None else {"anonymousId": f"device-{shopper.marker}-{device}"}
        return {
            "messageId": f"message-{self._numbers}",
            "type": kind,
            "userId": shopper.user_id,
            "timestamp": format_moment(self._now - ago),
            **named,
        }

    def _tell(self, number: int, message: Line) -> None:
        self._sent[number].append(message)
        self._post([message])

    def _post(self, batch: list[Line], tries: int = 0) -> None:
        answer = self._request("POST", "/v1/batch", json.dumps({"batch": batch}), HEADERS)
        if answer is not None and answer.status == 200:
            self.acknowledged += batch
            self._check_durable(batch)
        if answer is None or answer.status >= 500 or self._faults.strikes("client"):
            self._again(partial(self._post, batch, tries + 1), tries)
        elif answer.status != 200:
            self._chronicle.violated("good requests are taken", f"{answer.status} {answer.body!r} for {batch}")

    def _insist(
        self,
        method: str,
        path: str,
        body: str,
        done: Callable[[], None],
        tries: int = 0,
        refused: frozenset[int] = frozenset(),
    ) -> None:
        """Sends it until it is done, or `refused` by one of these statuses."""
        answer = self._request(method, path, body, _FORM)
        if answer is not None and answer.status == 200:
            done()
        elif answer is None or answer.status not in refused:
            self._again(partial(self._insist, method, path, body, done, tries + 1, refused), tries)

    def _again(self, request: Callable[[], None], tries: int) -> None:
        if tries < 12:
            self._cloud.timers.call_at(self._now + _BACK_OFF[min(tries, len(_BACK_OFF) - 1)], request)

    def _request(self, method: str, path: str, body: str, headers: Line | None = None) -> Response | None:
        """The answer, or None where the request or its answer was lost on the way."""
        if self._faults.strikes("client"):
            return None
        answer = self._cloud.http(method, path, headers=headers or {}, body=body)
        self.answers.append(f"{method} {path} {answer.status}")
        return None if self._faults.strikes("client") else answer

    def _check_durable(self, batch: list[Line]) -> None:
        self._hold_to(batch, "durable before acknowledged")

    def _hold_to(self, messages: list[Line], rule: str) -> None:
        kept = {told["message_id"] for told in self._chronicle.events.values()}
        for message in messages:
            if message["messageId"] not in kept and not self._is_of_erased(message):
                self._chronicle.violated(rule, f"{message['messageId']} was acknowledged, and is not kept")

    def _is_of_erased(self, message: Line) -> bool:
        """Whether it is late: what is told of the erased is taken out of the log again."""
        names = f"{message.get('userId')} {message.get('anonymousId')}"
        gone = filter(self._rules.erasures.is_gone, self._story.shoppers)
        return any(f"-{shopper.marker}" in names for shopper in gone)


def _product(shopper: Shopper, product: int) -> Line:
    """A product that many buy; its name is nobody's."""
    del shopper
    name = ("Teapot", "Matcha", "Bowl")[product]
    return {
        "product_id": name.lower(),
        "name": name,
        "category": "Things",
        "price": 20.0,
        "quantity": 1,
        "currency": "EUR",
        "url": f"https://shop.example/{name.lower()}",
    }


def _unsubscribe_path(mail: Mail) -> str:
    link = dict(mail.headers)["List-Unsubscribe"].strip("<>")
    return "/" + link.split("/", 3)[3].partition("?")[0]
