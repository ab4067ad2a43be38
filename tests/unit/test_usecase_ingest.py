"""Ingest: every event that is refused or accepted, is so once, whatever comes again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from homing.usecases.ingest import ingest
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeEvents
from tests.fakes.stories import NOW

messages = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("identify"), "userId": st.sampled_from(["ada", "bob", None])},
        optional={"messageId": st.sampled_from(["1", "2", "3"])},
    ),
    max_size=6,
)


@settings(max_examples=80)
@given(messages, st.lists(st.integers(1, 12), max_size=3))
def test_whatever_is_cut_off_and_repeated_the_same_events_are_kept(
    batch: list[dict[str, str]], kills: list[int]
) -> None:
    once, again = FakeEvents(), FakeEvents()
    ingest(batch, sent_at=None, now=NOW, events=once)
    for killed_at in (*kills, None):
        try:
            result = ingest(batch, sent_at=None, now=NOW, events=Fuse(killed_at).guard(again))
        except Crashed:
            continue
        assert result.accepted + result.duplicate + len(result.rejected) == len(batch)
    assert again.kept == once.kept
