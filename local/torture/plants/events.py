"""Bugs of events, profiles and runs."""

from collections.abc import Callable
from typing import Any

from local.torture.planting import everywhere, planted, wrapped
from local.torture.plants.acts import (
    LEAVES_CARTS,
    ORDERS_AFTER_THE_GREETING,
    RETURNS_OFTEN,
    WITHDRAWS_AND_LEAVES_CARTS,
)


@planted("IngestFunction", breaks=("durable before acknowledged",), rates={"outage": 0.05}, acts=LEAVES_CARTS)
def ack_before_durable() -> None:
    """Answer that an event is taken, whether or not it could be kept."""
    from homing.adapters.profiles import TableEvents

    def careless(put: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*event: Any, **more: Any) -> bool:
            try:
                return bool(put(*event, **more))
            except Exception:  # noqa: BLE001 - the planted bug
                return True

        return kept

    wrapped(TableEvents, "put", careless)


@planted("IngestFunction", breaks=("each message once",))
def dedupe_by_time() -> None:
    """Take a message for a repeat only where it comes again within the same seconds."""
    from homing.adapters.profiles import TableEvents

    def again(put: Callable[..., Any]) -> Callable[..., Any]:
        def kept(events: Any, event: Any, received_at: int, **more: Any) -> bool:
            # The name of the item changes with the time; the message says what it said.
            item_of = type(event).message_fact
            fresh = property(lambda each: f"{item_of.fget(each)}{received_at // 5_000}")
            type(event).message_fact = fresh
            try:
                return bool(put(events, event, received_at, **more))
            finally:
                type(event).message_fact = item_of

        return kept

    wrapped(TableEvents, "put", again)


@planted(
    "ProjectFunction",
    "EnrollFunction",
    breaks=("a fold is a fold", "nothing lost silently"),
    rates={"outage": 0.03},
    acts=LEAVES_CARTS,
)
def stream_failure_swallowed() -> None:
    """Log what a batch of the stream failed at, and go on to the next."""
    from homing.adapters import stream

    def deaf(each: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: {"batchItemFailures": each(*given)["batchItemFailures"][:0]}

    everywhere("each_partition", deaf(stream.each_partition))


@planted("ProjectFunction", breaks=("a fold is a fold",))
def fold_not_idempotent() -> None:
    """Fold an event into the profile as often as it is delivered."""
    from homing.domain.profile import Profile

    wrapped(Profile, "has_seen", lambda _seen: lambda *_: False)


@planted(
    "ProjectFunction",
    breaks=("a version for each write", "a fold is a fold"),
    rates={"interleave": 0.5},
    acts=RETURNS_OFTEN,
)
def lost_update() -> None:
    """Keep profiles in memory between invocations, and write them over what others have written meanwhile."""
    from homing.adapters.profiles import TableProfiles
    from homing.adapters.table import Table

    kept: dict[str, Any] = {}

    def remembered(load: Callable[..., Any]) -> Callable[..., Any]:
        return lambda profiles, profile_id: kept.get(profile_id) or load(profiles, profile_id)

    def blindly(save: Callable[..., Any]) -> Callable[..., Any]:
        def saved(profiles: Any, record: Any) -> None:
            put = Table.put
            Table.put = lambda table, item, *_, **__: put(table, item)  # type: ignore[method-assign] # the planted bug
            try:
                save(profiles, record)
            finally:
                Table.put = put  # type: ignore[method-assign] # as it was
            kept[record.profile_id] = record.model_copy(update={"version": record.version + 1})

        return saved

    wrapped(TableProfiles, "load", remembered)
    wrapped(TableProfiles, "save", blindly)


@planted("EnrollFunction", breaks=("one run",))
def run_name_with_time() -> None:
    """Name an execution by the time at which it is started, and ask only whether one of its journey goes on."""
    import time

    from homing.adapters.executions import StepFunctionsExecutions
    from homing.domain.sends import Run
    from homing.usecases.enroll import Enroller

    def stamped(start: Callable[..., Any]) -> Callable[..., Any]:
        def started(executions: Any, journey: str, name: str, told: Any) -> None:
            start(executions, journey, f"{name}-{int(time.time())}"[:80], told)

        return started

    def goes_on(_enroller: Any, journey: Any, entry: str, record: Any, contact: Any) -> bool:
        return Run(journey=journey.name, profile_id=record.profile_id, entry=entry).run_id in contact.runs

    wrapped(StepFunctionsExecutions, "start", stamped)
    wrapped(Enroller, "_is_running_or_was", lambda _asked: goes_on)


@planted("SendFunction", "EnrollFunction", breaks=("a purchase ends it",), acts=ORDERS_AFTER_THE_GREETING)
def purchase_unnoticed() -> None:
    """Send on to somebody who has bought meanwhile what they were reminded of."""
    from homing.domain.journeys import Journey

    def but_for_orders(exit_reason: Callable[..., Any]) -> Callable[..., Any]:
        def reason(journey: Any, profile: Any, entry: str) -> Any:
            told = exit_reason(journey, profile, entry)
            return None if told in ("ordered", "cart_emptied") else told

        return reason

    wrapped(Journey, "exit_reason", but_for_orders)


@planted("ProjectFunction", breaks=("withdrawal stops",), acts=WITHDRAWS_AND_LEAVES_CARTS)
def withdrawal_unheard() -> None:
    """Take no withdrawal but those from links in mails."""
    from homing.domain.profile import Profile

    def deaf(after: Callable[..., Any]) -> Callable[..., Any]:
        def folded(profile: Any, event: Any, received_at: int) -> Any:
            is_withdrawal = event.type == "identify" and event.consent.get("marketing") is False
            heard = event.model_copy(update={"consent": {}}) if is_withdrawal else event
            return after(profile, heard, received_at)

        return folded

    wrapped(Profile, "after", deaf)


@planted("ProjectFunction", breaks=("nothing lost silently",))
def events_forgotten() -> None:
    """Take events out of the log once they are folded."""
    from homing.usecases.project import Projector

    def once(fold: Callable[..., Any]) -> Callable[..., Any]:
        def folded(projector: Any, alias: str, stored: Any, now: int) -> Any:
            record = fold(projector, alias, stored, now)
            projector.events.forget(event for event, _ in stored)
            return record

        return folded

    wrapped(Projector, "fold", once)
