"""Contacts in the table: consent, suppression, licences of runs and claims of sends, each an attribute of one item.

Runs and claims are attributes of their own (`run:<run id>`, `claim:<send id>`), not entries of a map: a condition can
name them, and writing one needs no map to be there.
"""

from collections.abc import Collection

from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.moments import Duration, Moment
from homing.domain.permit import Contact, Withheld

CONTACT_KEY = "CONTACT"
_RUN, _CLAIM = "run:", "claim:"


class TableContacts:
    """The ground of permits; see `homing.ports.Contacts`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, contact_id: str) -> Contact | None:
        """The contact as it stands, or None."""
        item = self._table.get(_partition(contact_id), CONTACT_KEY)
        return None if item is None else _contact(contact_id, item)

    def note_consent(self, contact_id: str, profile_id: str, *, granted: bool, at: Moment) -> str:
        """Keep the later of the known consent and this one; the id of the profile that the address first came with.

        Of a grant and a withdrawal at the same moment the withdrawal counts.
        """
        newer = "consent_at < :at" if granted else "consent_at <= :at"
        try:
            after = self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                "SET consent = :granted, consent_at = :at, profile_id = if_not_exists(profile_id, :profile)",
                values={":granted": {"BOOL": granted}, ":at": number(at), ":profile": text(profile_id)},
                condition=f"attribute_not_exists(consent_at) OR {newer}",
                returns="ALL_NEW",
            )
        except ConditionFailed as error:
            after = error.item
        return str(after["profile_id"]["S"])

    def suppress(self, contact_id: str, reason: str) -> None:
        """No mail to this address from now on; the first reason stays."""
        self._table.update(
            _partition(contact_id),
            CONTACT_KEY,
            "SET suppressed = if_not_exists(suppressed, :reason)",
            values={":reason": text(reason)},
        )

    def note_wishes(self, contact_id: str, *, gap: Duration | None, paused_until: Moment | None) -> None:
        """The shopper's own wishes, in the place of earlier ones; None for no such wish."""
        wishes = {"gap": gap, "paused_until": paused_until}
        told = {name: number(value) for name, value in wishes.items() if value is not None}
        sets = ", ".join(f"{name} = :{name}" for name in told)
        removes = ", ".join(name for name in wishes if name not in told)
        self._table.update(
            _partition(contact_id),
            CONTACT_KEY,
            (f"SET {sets} " if sets else "") + (f"REMOVE {removes}" if removes else ""),
            values={f":{name}": value for name, value in told.items()},
        )

    def add_run(self, contact_id: str, run_id: str, profile_id: str) -> None:
        """Licence the run to send."""
        self._table.update(
            _partition(contact_id),
            CONTACT_KEY,
            "SET #run = :profile",
            names={"#run": _RUN + run_id},
            values={":profile": text(profile_id)},
        )

    def remove_run(self, contact_id: str, run_id: str, send_ids: Collection[str]) -> None:
        """Take the run's licence, and forget its claims."""
        names = {"#run": _RUN + run_id} | {f"#c{n}": _CLAIM + send_id for n, send_id in enumerate(send_ids)}
        self._table.update(_partition(contact_id), CONTACT_KEY, f"REMOVE {', '.join(names)}", names=names)

    def claim(self, contact_id: str, run_id: str, send_id: str, at: Moment) -> Withheld | None:
        """The permit: in one conditional write check all of `Contact.withheld` and claim the send."""
        try:
            self._table.update(
                _partition(contact_id),
                CONTACT_KEY,
                "SET #claim = :at",
                names={"#claim": _CLAIM + send_id, "#run": _RUN + run_id},
                values={":at": number(at), ":yes": {"BOOL": True}},
                condition="attribute_not_exists(#claim) AND attribute_not_exists(suppressed) "
                "AND consent = :yes AND attribute_exists(#run)",
            )
        except ConditionFailed as error:
            return _contact(contact_id, error.item).withheld(run_id, send_id)
        return None

    def release(self, contact_id: str, send_id: str) -> None:
        """Give a claim back: it is certain that nothing was sent."""
        self._table.update(_partition(contact_id), CONTACT_KEY, "REMOVE #claim", names={"#claim": _CLAIM + send_id})


def _partition(contact_id: str) -> str:
    return f"C#{contact_id}"


def _contact(contact_id: str, item: Item) -> Contact:
    return Contact(
        contact_id=contact_id,
        consent=item.get("consent", {}).get("BOOL", False),
        consent_at=int(item.get("consent_at", {}).get("N", 0)),
        suppressed=item.get("suppressed", {}).get("S"),
        gap=_whole(item, "gap"),
        paused_until=_whole(item, "paused_until"),
        runs={name.removeprefix(_RUN): value["S"] for name, value in sorted(item.items()) if name.startswith(_RUN)},
        claims={
            name.removeprefix(_CLAIM): int(value["N"])
            for name, value in sorted(item.items())
            if name.startswith(_CLAIM)
        },
    )


def _whole(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
