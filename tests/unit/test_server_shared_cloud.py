"""Threads take turns at the cloud, and none of them outlives it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from homing.domain.moments import DAY, Moment
from local.server.shared_cloud import ClockIsReal, Closed, SharedCloud
from local.timers import ManualClock, Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud import Cloud

PATIENCE = 30
"""Seconds that a thread is waited for, before the test fails instead of hanging."""


class QuietCloud:
    """A cloud in which only time passes. It tells whether two have ever been inside at once."""

    def __init__(self) -> None:
        self.timers = Timers(ManualClock(0))
        self.stands_at: list[Moment] = []
        self.crowded = False
        self.on_request: Callable[[], object] = lambda: None
        self._inside = False

    def observe_table(self, _callback: object) -> None: ...

    def observe_mail(self, _callback: object) -> None: ...

    def observe_answers(self, _callback: object) -> None: ...

    def http(self, method: str, path: str, **_request: Any) -> Any:
        self.crowded = self.crowded or self._inside
        self._inside = True
        self.on_request()
        self._inside = False
        return SimpleNamespace(told=f"{method} {path}")

    def settle(self) -> None: ...

    def advance_to(self, moment: Moment) -> None:
        self.timers.advance_to(moment)
        self.stands_at.append(moment)


@pytest.fixture
def cloud() -> QuietCloud:
    return QuietCloud()


@pytest.fixture
def shared(cloud: QuietCloud) -> SharedCloud:
    return SharedCloud(cast("Cloud", cloud), is_virtual=True)


def request(shared: SharedCloud, path: str = "/v1/batch") -> Any:
    return shared.request("POST", path, {}, b"", "")


def test_two_are_never_inside_at_once(cloud: QuietCloud, shared: SharedCloud) -> None:
    others_have_come = Event()
    cloud.on_request = lambda: others_have_come.wait(0.01)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: request(shared, f"/{number}").told, range(8)))
    assert answers == [f"POST /{number}" for number in range(8)]
    assert not cloud.crowded


def test_time_passes_up_to_the_target_reckoned_from_now(cloud: QuietCloud, shared: SharedCloud) -> None:
    shared.move_clock(lambda now: now + 2 * DAY + 5)
    shared.move_clock(lambda now: now + 1)
    assert cloud.timers.now() == 2 * DAY + 6


def test_nobody_moves_the_real_clock(cloud: QuietCloud) -> None:
    shared = SharedCloud(cast("Cloud", cloud), is_virtual=False)
    with pytest.raises(ClockIsReal):
        shared.move_clock(lambda now: now + DAY)
    assert cloud.timers.now() == 0


def test_closing_waits_for_whoever_is_inside_and_lets_nobody_else_in(cloud: QuietCloud, shared: SharedCloud) -> None:
    inside, may_leave = Event(), Event()

    def linger() -> None:
        inside.set()
        assert may_leave.wait(PATIENCE)

    cloud.on_request = linger
    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(request, shared)
        assert inside.wait(PATIENCE)
        closing = threads.submit(shared.close)
        assert not closing.done()
        may_leave.set()
        closing.result(PATIENCE)
        assert answer.done()
    with pytest.raises(Closed):
        request(shared)
    with pytest.raises(Closed):
        shared.look(lambda _cloud, _recorder: None)
    with pytest.raises(Closed):
        shared.run_due()


def test_closing_breaks_off_a_long_way_through_time_within_a_day_of_it(cloud: QuietCloud, shared: SharedCloud) -> None:
    under_way, closing = Event(), Event()

    def wait_on_the_third_day() -> None:
        under_way.set()
        assert closing.wait(PATIENCE)

    cloud.timers.call_at(2 * DAY + 1, wait_on_the_third_day)

    def close() -> None:
        shared._closing = True
        closing.set()
        shared.close()

    with ThreadPoolExecutor(2) as threads:
        years = threads.submit(shared.move_clock, lambda now: now + 1_000 * DAY)
        assert under_way.wait(PATIENCE)
        threads.submit(close).result(PATIENCE)
        with pytest.raises(Closed):
            years.result(PATIENCE)
    assert cloud.stands_at == [DAY, 2 * DAY, 3 * DAY]
