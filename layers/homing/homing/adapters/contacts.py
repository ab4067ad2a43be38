"""Contacts in the table: consent, wishes, licences of runs, claims and the latest mails, each an attribute of one item.

They are attributes of their own (`run:<run id>`, `due:<run id>`, `claim:<send id>`, `recent_1`), not entries of maps:
a condition can name them, and writing one needs no map to be there.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.moments import Duration, Moment
from homing.domain.permit import PLACES, WISHES_APART, Claim, Contact, Withheld
from homing.errors import Conflict

CONTACT_KEY = "CONTACT"
_RUN, _DUE, _CLAIM = "run:", "due:", "claim:"
_ZERO = {":zero": number(0)}
_ATTEMPTS = 5


class TableContacts:
    """The ground of permits; see `homing.ports.Contacts`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, contact_id: str) -> Contact | None:
        """The contact as it stands, or None."""
        item = self._table.get(_partition(contact_id), CONTACT_KEY)
        return None if item is None else _contact(contact_id, item)

    def note_consent(
        self,
        contact_id: str,
        profile_id: str,
        *,
        granted: bool,
        at: Moment,
        stopped_at: Moment | None = None,
        proved_at: Moment | None = None,
        new: bool = True,
    ) -> str | None:
        """Keep the later of the known consent and this one; the id of the profile that the address first came with.

        Of a grant and a withdrawal at the same moment the withdrawal counts. None, and nothing is kept, where there is
        no such contact and it may not be `new`.
        """
        there = "" if new else "attribute_exists(pk) AND "
        newer = "consent_at < :at" if granted else "consent_at <= :at"
        try:
            after = self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                "SET consent = :granted, consent_at = :at, profile_id = if_not_exists(profile_id, :profile)",
                values={":granted": {"BOOL": granted}, ":at": number(at), ":profile": text(profile_id)},
                condition=f"{there}(attribute_not_exists(consent_at) OR {newer})",
                returns="ALL_NEW",
            )
        except ConditionFailed as error:
            after = error.item
        if not after:
            return None
        self._note_later(contact_id, "stopped_at", stopped_at, after)
        self._note_later(contact_id, "proved_at", proved_at, after)
        first_id: str = after["profile_id"]["S"]
        return first_id

    def _note_later(self, contact_id: str, name: str, at: Moment | None, known: Item) -> None:
        """Keep the later of the known moment and this one; `known` is the contact as it just was, to save a write."""
        if at is None or at <= (_whole(known, name) or 0):
            return
        with suppress(ConditionFailed):
            self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                f"SET {name} = :at",
                values={":at": number(at)},
                condition=f"attribute_exists(pk) AND (attribute_not_exists({name}) OR {name} < :at)",
            )

    def suppress(self, contact_id: str, reason: str) -> None:
        """No mail to this address from now on; of two reasons the later in the alphabet stays, in whatever order."""
        with suppress(ConditionFailed):
            self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                "SET suppressed = :reason",
                values={":reason": text(reason)},
                condition="attribute_exists(pk) AND (attribute_not_exists(suppressed) OR suppressed < :reason)",
            )

    def note_wishes(self, contact_id: str, *, gap: Duration | None, paused_until: Moment | None, at: Moment) -> None:
        """The shopper's own wishes as of `at`, in the place of earlier ones; None for no such wish."""
        wishes = {"gap": gap, "paused_until": paused_until, "wished_at": at}
        told = {name: number(value) for name, value in wishes.items() if value is not None}
        sets = ", ".join(f"{name} = :{name}" for name in told)
        removes = ", ".join(name for name in wishes if name not in told)
        with suppress(ConditionFailed):
            self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
                values={f":{name}": value for name, value in told.items()},
                condition="attribute_exists(pk) AND (attribute_not_exists(wished_at) OR wished_at <= :wished_at)",
            )

    def remember_mails(self, contact_id: str, mails: Collection[Moment]) -> None:
        """Count these marketing mails among those that the contact has got: written only where no claim came between.

        Raises Conflict where claims keep coming between.
        """
        for _ in range(_ATTEMPTS):
            contact = self.load(contact_id)
            after = contact.remembering(mails).recent if contact else ()
            if contact is None or after == contact.recent:
                return
            with suppress(ConditionFailed):
                self._write(contact_id, _register(contact.recent, after))
                return
        raise Conflict(f"contact {contact_id} goes on getting mails")

    def add_run(self, contact_id: str, run_id: str, profile_id: str, due: Moment | None = None) -> bool:
        """Licence the run to send; a repeat leaves the moment at which its first mail is due as it was."""
        names, values = {"#run": _RUN + run_id}, {":profile": text(profile_id)}
        expression = "SET #run = :profile"
        if due is not None:
            names["#due"], values[":due"] = _DUE + run_id, number(due)
            expression += ", #due = if_not_exists(#due, :due)"
        there = "attribute_exists(pk)"
        try:
            self._table.update(
                _partition(contact_id), CONTACT_KEY, expression, names=names, values=values, condition=there
            )
        except ConditionFailed:
            return False
        return True

    def note_due(self, contact_id: str, run_id: str, due: Moment | None) -> None:
        """When the next mail of a licensed run is due; None where none is left."""
        with suppress(ConditionFailed):
            self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                "REMOVE #due" if due is None else "SET #due = :due",
                names={"#run": _RUN + run_id, "#due": _DUE + run_id},
                values={} if due is None else {":due": number(due)},
                condition="attribute_exists(#run)",
            )

    def remove_run(self, contact_id: str, run_id: str, send_ids: Collection[str]) -> None:
        """Take the run's licence, and forget its claims."""
        names = {"#run": _RUN + run_id, "#due": _DUE + run_id} | {
            f"#c{n}": _CLAIM + send_id for n, send_id in enumerate(send_ids)
        }
        expression, there = f"REMOVE {', '.join(names)}", "attribute_exists(pk)"
        with suppress(ConditionFailed):
            self._table.update(_partition(contact_id), CONTACT_KEY, expression, names=names, condition=there)

    def claim(self, contact_id: str, claim: Claim) -> Withheld | None:
        """The permit: in one conditional write check all of `Contact.withheld` and claim the send."""
        try:
            self._write(contact_id, _permit(claim))
        except ConditionFailed as error:
            return _contact(contact_id, error.item).withheld(claim)
        return None

    def release(self, contact_id: str, claim: Claim) -> None:
        """Give a claim back: it is certain that nothing was sent."""
        for write in _releases(claim):
            with suppress(ConditionFailed):
                self._write(contact_id, write)
                return

    def _write(self, contact_id: str, write: "_Write") -> None:
        self._table.update(
            _partition(contact_id),
            CONTACT_KEY,
            write.expression,
            names=write.names,
            values=write.values,
            condition=" AND ".join(write.conditions),
        )


@dataclass(slots=True)
class _Write:
    """One conditional update, put together part by part."""

    names: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)

    @property
    def expression(self) -> str:
        """The update expression."""
        parts = {"SET": self.sets, "REMOVE": self.removes}
        return " ".join(f"{verb} {', '.join(changes)}" for verb, changes in parts.items() if changes)


def _permit(claim: Claim) -> _Write:
    """The claim: `Contact.withheld` as a condition, `Contact.claimed` as a change."""
    write = _Write(names={"#claim": _CLAIM + claim.send_id}, values={":at": number(claim.at)}, sets=["#claim = :at"])
    write.conditions.append("attribute_not_exists(suppressed)")
    if claim.replaces is None:
        write.conditions.append("attribute_not_exists(#claim)")
    else:
        write.conditions.append("#claim = :replaces")
        write.values[":replaces"] = number(claim.replaces)
    if not claim.again:
        write.conditions.append("attribute_exists(#run)")
        write.names["#run"] = _RUN + claim.run_id
    if claim.confirms:
        write.conditions.append("(attribute_not_exists(asked_at) OR asked_at <= :wished)")
        write.values[":wished"] = number(claim.at - WISHES_APART)
        write.sets.append("asked_at = :at")
    if claim.kind == "marketing":
        _keep_to_wishes_and_limits(write, claim)
        _take_a_place(write, claim)
    return write


def _keep_to_wishes_and_limits(write: _Write, claim: Claim) -> None:
    write.values[":yes"] = {"BOOL": True}
    write.conditions += [
        "consent = :yes",
        "(attribute_not_exists(stopped_at) OR stopped_at < proved_at)",
        "(attribute_not_exists(paused_until) OR paused_until <= :at)",
        "(attribute_not_exists(recent_1) OR recent_1 <= :at)",
    ]
    if claim.gap is None:
        write.conditions.append("attribute_not_exists(gap)")
    else:
        write.conditions.append("gap = :gap")
        write.values[":gap"] = number(claim.gap)
    for n, cap in enumerate(claim.limits):
        latest = f"recent_{cap.mails}"
        write.conditions.append(f"(attribute_not_exists({latest}) OR {latest} <= :before{n})")
        write.values[f":before{n}"] = number(claim.at - cap.window)


def _take_a_place(write: _Write, claim: Claim) -> None:
    """Shift the register by one place, and note when the run's next mail is due."""
    for place in range(claim.depth, 1, -1):
        write.sets.append(f"recent_{place} = if_not_exists(recent_{place - 1}, :zero)")
        write.values |= _ZERO
    write.sets.append("recent_1 = :at")
    if not claim.again:
        write.names["#due"] = _DUE + claim.run_id
        if claim.next_due is None:
            write.removes.append("#due")
        else:
            write.sets.append("#due = :due")
            write.values[":due"] = number(claim.next_due)


def _register(before: tuple[Moment, ...], after: tuple[Moment, ...]) -> _Write:
    """The register as it is to be, where it is as it was read; a place without a mail may hold 0."""
    write = _Write(names={})
    for place, (was, moment) in enumerate(zip_longest(before, after, fillvalue=0), 1):
        unchanged, empty = f"recent_{place} = :was_{place}", f"attribute_not_exists(recent_{place})"
        write.conditions.append(unchanged if was else f"({empty} OR {unchanged})")
        write.sets.append(f"recent_{place} = :now_{place}")
        write.values |= {f":was_{place}": number(was), f":now_{place}": number(moment)}
    return write


def _releases(claim: Claim) -> Iterator[_Write]:
    """The claim undone with the place that it took; else, where another has come after it, alone.

    As long as the run is licensed the mail is due again: whoever books what a failed run had still to send looks there.
    """
    for write in _undone(claim):
        if claim.kind == "marketing" and not claim.again:
            yield _Write(
                write.names | {"#run": _RUN + claim.run_id, "#due": _DUE + claim.run_id},
                write.values | {":due": number(claim.at)},
                [*write.conditions, "attribute_exists(#run)"],
                [*write.sets, "#due = :due"],
                write.removes,
            )
        yield write


def _undone(claim: Claim) -> Iterator[_Write]:
    names, values = {"#claim": _CLAIM + claim.send_id}, {":at": number(claim.at)}
    if claim.confirms:
        yield _Write(names, values, ["asked_at = :at"], removes=["#claim", "asked_at"])
    if claim.kind == "marketing":
        shifts = [f"recent_{place} = if_not_exists(recent_{place + 1}, :zero)" for place in range(1, claim.depth)]
        sets = [*shifts, f"recent_{claim.depth} = :zero"]
        yield _Write(names, values | _ZERO, ["recent_1 = :at"], sets, removes=["#claim"])
    yield _Write(names, conditions=["attribute_exists(pk)"], removes=["#claim"])


def _partition(contact_id: str) -> str:
    return f"C#{contact_id}"


def _contact(contact_id: str, item: Item) -> Contact:
    return Contact(
        contact_id=contact_id,
        consent=item.get("consent", {}).get("BOOL", False),
        consent_at=_whole(item, "consent_at") or 0,
        stopped_at=_whole(item, "stopped_at"),
        proved_at=_whole(item, "proved_at"),
        suppressed=item.get("suppressed", {}).get("S"),
        gap=_whole(item, "gap"),
        paused_until=_whole(item, "paused_until"),
        wished_at=_whole(item, "wished_at") or 0,
        runs={run_id: item[_RUN + run_id]["S"] for run_id in _named(item, _RUN)},
        due={run_id: int(item[_DUE + run_id]["N"]) for run_id in _named(item, _DUE)},
        claims={send_id: int(item[_CLAIM + send_id]["N"]) for send_id in _named(item, _CLAIM)},
        recent=_recent(item),
        asked_at=_whole(item, "asked_at"),
    )


def _named(item: Item, prefix: str) -> list[str]:
    """What the attributes with this prefix are for, in order."""
    return sorted(name.removeprefix(prefix) for name in item if name.startswith(prefix))


def _recent(item: Item) -> tuple[Moment, ...]:
    """The register up to the last moment in it; a place without one holds 0."""
    places = [_whole(item, f"recent_{place}") or 0 for place in range(1, PLACES + 1)]
    return tuple(places[: max((n for n, moment in enumerate(places, 1) if moment), default=0)])


def _whole(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
