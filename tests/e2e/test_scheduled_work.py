"""A scheduled look costs what changes, however many profiles there are: `bench/million.py`, in small."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from bench.million import MOST_ROWS_PER_CHANGE, Measured, app, measure

DUE = 20


@pytest.fixture(scope="module")
def measured() -> Measured:
    return measure(profiles=400, due=DUE, histories=60, told=lambda _what, _done, _of: None)


def test_as_many_changes_cost_the_same_among_ten_times_as_many_profiles(measured: Measured) -> None:
    assert (measured.few.profiles, measured.many.profiles) == (40, 400)
    assert measured.many.changes >= DUE
    assert measured.few.counts == measured.many.counts
    assert measured.grown == []


def test_each_profile_that_is_due_is_read_and_written_once_and_no_other(measured: Measured) -> None:
    assert measured.many.profile_rows_read == DUE
    assert measured.many.deletes == DUE
    assert measured.many.rows_per_change <= MOST_ROWS_PER_CHANGE


def test_looking_at_everything_looks_at_every_profile(measured: Measured) -> None:
    assert measured.anew.profiles == 400


def test_work_that_grows_with_the_profiles_is_told(measured: Measured) -> None:
    grown = replace(measured, many=replace(measured.many, rows_read=measured.few.rows_read + 1))
    assert grown.grown == ["rows_read"]


def test_the_command_prints_its_figures_and_ends_well() -> None:
    told = CliRunner().invoke(app, ["--profiles", "100", "--due", "3", "--histories", "40"])
    assert told.exit_code == 0, told.output
    assert "All 100 profiles anew" in told.output
