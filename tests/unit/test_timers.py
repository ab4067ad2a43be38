import time
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import Moment, datetime_of
from local.timers import ManualClock, RealClock, Timers, VirtualClock

NEW_YEAR: Moment = 1_767_225_600_000


@pytest.fixture
def timers() -> Timers:
    return Timers(ManualClock(NEW_YEAR))


def test_timers_run_in_order_of_their_moments_each_at_its_own(timers: Timers) -> None:
    seen: list[tuple[str, Moment]] = []
    timers.call_at(NEW_YEAR + 20, lambda: seen.append(("late", timers.now())))
    timers.call_at(NEW_YEAR + 10, lambda: seen.append(("early", timers.now())))

    timers.advance_to(NEW_YEAR + 30)

    assert seen == [("early", NEW_YEAR + 10), ("late", NEW_YEAR + 20)]
    assert timers.now() == NEW_YEAR + 30


def test_timers_of_one_moment_run_in_the_order_in_which_they_were_set(timers: Timers) -> None:
    seen: list[int] = []
    for number in range(50):
        timers.call_at(NEW_YEAR + 1, partial(seen.append, number))

    timers.advance_to(NEW_YEAR + 1)

    assert seen == list(range(50))


def test_a_timer_that_is_not_due_does_not_run(timers: Timers) -> None:
    seen: list[str] = []
    timers.call_at(NEW_YEAR + 11, lambda: seen.append("ran"))

    timers.advance_to(NEW_YEAR + 10)

    assert seen == []
    assert timers.next_moment() == NEW_YEAR + 11


def test_a_timer_set_by_a_timer_runs_on_the_same_way_if_it_falls_due(timers: Timers) -> None:
    seen: list[Moment] = []

    def every_ten() -> None:
        seen.append(timers.now() - NEW_YEAR)
        timers.call_at(timers.now() + 10, every_ten)

    timers.call_at(NEW_YEAR + 10, every_ten)
    timers.advance_to(NEW_YEAR + 35)

    assert seen == [10, 20, 30]


def test_a_cancelled_timer_never_runs(timers: Timers) -> None:
    seen: list[str] = []
    timer = timers.call_at(NEW_YEAR + 1, lambda: seen.append("ran"))

    timer.cancel()

    assert timers.next_moment() is None
    assert not timers.run_next()
    assert seen == []


def test_a_moment_that_has_passed_means_next_and_not_out_of_order(timers: Timers) -> None:
    seen: list[tuple[str, Moment]] = []
    timers.call_at(NEW_YEAR, lambda: seen.append(("first", timers.now())))
    timers.call_at(NEW_YEAR - 5, lambda: seen.append(("second", timers.now())))

    timers.advance_to(NEW_YEAR)

    assert seen == [("first", NEW_YEAR), ("second", NEW_YEAR)]


def test_time_does_not_run_backwards(timers: Timers) -> None:
    with pytest.raises(ValueError, match="backwards"):
        timers.advance_to(NEW_YEAR - 1)


def test_run_next_runs_one_timer_and_says_whether_there_was_one(timers: Timers) -> None:
    seen: list[str] = []
    timers.call_at(NEW_YEAR + 7, lambda: seen.append("ran"))

    assert timers.run_next()
    assert timers.now() == NEW_YEAR + 7
    assert not timers.run_next()
    assert seen == ["ran"]


def test_a_timer_that_fails_does_not_run_again(timers: Timers) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    timers.call_at(NEW_YEAR, fail)
    with pytest.raises(RuntimeError, match="broken"):
        timers.run_next()

    assert not timers.run_next()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 3))))
def test_any_timers_run_in_order_of_moment_then_setting(plan: list[tuple[int, int, int]]) -> None:
    timers = Timers(ManualClock(0))
    seen: list[tuple[Moment, int]] = []

    def set_timer(number: int, moment: Moment, children: int, gap: int) -> None:
        def run() -> None:
            seen.append((timers.now(), number))
            for _ in range(children):
                set_timer(-number, timers.now() + gap, 0, 0)

        timers.call_at(moment, run)

    for number, (moment, children, gap) in enumerate(plan, start=1):
        set_timer(number, moment, children, gap)
    timers.advance_to(100)

    assert [moment for moment, _ in seen] == sorted(moment for moment, _ in seen)
    assert len(seen) == len(plan) + sum(children for _, children, _ in plan)
    roots = [(moment, number) for number, (moment, _, _) in enumerate(plan, start=1)]
    assert [entry for entry in seen if entry in roots] == sorted(roots)


def test_the_whole_process_sees_virtual_time() -> None:
    with VirtualClock(NEW_YEAR) as clock:
        timers = Timers(clock)
        timers.advance_to(NEW_YEAR + 86_400_000)

        assert datetime.now(UTC) == datetime(2026, 1, 2, tzinfo=UTC)
        assert time.time_ns() // 1_000_000 == NEW_YEAR + 86_400_000
        assert timers.now() == NEW_YEAR + 86_400_000


def test_virtual_time_stands_while_real_work_is_done() -> None:
    with VirtualClock(NEW_YEAR):
        before, started = time.time_ns(), time.perf_counter()
        while time.perf_counter() - started < 0.002:
            pass

        assert time.time_ns() == before


def test_real_time_returns_after_virtual_time() -> None:
    with VirtualClock(NEW_YEAR):
        pass

    assert abs(RealClock().now() - NEW_YEAR) > 86_400_000


@given(st.integers(0, 4_102_444_800_000))
def test_every_millisecond_is_read_back_as_itself(moment: Moment) -> None:
    with VirtualClock(0) as clock:
        clock.move_to(moment)

        assert time.time_ns() // 1_000_000 == moment
        assert int(time.time() * 1000) == moment
        assert datetime.now(UTC) == datetime_of(moment)


def test_on_the_real_clock_what_is_due_runs_and_nobody_waits() -> None:
    timers = Timers(RealClock())
    seen: list[str] = []

    timers.call_at(timers.now() - 1, lambda: seen.append("due"))
    timers.call_at(timers.now() + 3_600_000, lambda: seen.append("in an hour"))

    timers.advance_to(timers.now())

    assert seen == ["due"]
