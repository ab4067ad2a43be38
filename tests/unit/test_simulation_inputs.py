"""Messages from files come in the order of their time, whatever the files' order, and bad lines stop nothing."""

import gzip
import io
import json
import lzma
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import format_moment, parse_moment
from local.simulation import Inputs, InputUnreadable, read_inputs
from local.simulation.inputs import read_lines

LINES = [
    json.dumps({"messageId": f"m{number}", "timestamp": f"2026-01-0{number}T10:00:00Z", "name": "Käthe"})
    for number in (3, 1, 2)
]
TEXT = "\n".join(LINES) + "\n"


def read(*lines: str) -> Inputs:
    inputs = Inputs()
    read_lines(inputs, lines, "events.jsonl")
    inputs.messages.sort()
    return inputs


def _plain(path: Path) -> None:
    path.write_bytes(TEXT.encode())


def _gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(TEXT.encode()))


def _xz(path: Path) -> None:
    path.write_bytes(lzma.compress(TEXT.encode()))


@pytest.mark.parametrize(("suffix", "write"), [(".jsonl", _plain), (".jsonl.gz", _gzip), (".jsonl.xz", _xz)])
def test_plain_and_packed_files_give_the_same_messages_in_order(tmp_path: Path, suffix: str, write: Any) -> None:
    path = tmp_path / f"events{suffix}"
    write(path)
    inputs = read_inputs([str(path)])
    assert [message.text for message in inputs.messages] == [LINES[1], LINES[2], LINES[0]]
    assert inputs.messages[0].at == parse_moment("2026-01-01T10:00:00Z")
    assert inputs.messages[0].place == f"{path}:2"
    assert inputs.rejected == []


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    inputs = read_inputs(["-"])
    assert [message.place for message in inputs.messages] == [f"standard input:{number}" for number in (2, 3, 1)]


def test_several_inputs_become_one_stream_in_time(tmp_path: Path) -> None:
    for name, line in (("a", LINES[0]), ("b", LINES[1])):
        (tmp_path / f"{name}.jsonl").write_text(line)
    inputs = read_inputs([str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")])
    assert [message.text for message in inputs.messages] == [LINES[1], LINES[0]]


@given(st.permutations([*LINES, *LINES]))
def test_the_order_of_the_lines_makes_no_difference(lines: list[str]) -> None:
    assert [message[:2] for message in read(*lines).messages] == [
        message[:2] for message in read(*LINES, *LINES).messages
    ]


@given(st.lists(st.integers(0, 4_000_000_000_000), max_size=30), st.randoms(use_true_random=False))
def test_messages_come_by_time_and_those_of_one_moment_by_their_text(moments: list[int], random: Random) -> None:
    lines = [
        json.dumps({"messageId": str(random.random()), "timestamp": format_moment(at)}) for at in moments + moments
    ]
    messages = read(*lines).messages
    assert [message[:2] for message in messages] == sorted(message[:2] for message in messages)
    assert len(messages) == len(lines)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"timestamp": "2026-01-01T10:00:00Z"', "not JSON"),
        ("hello", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "timestamp: missing"),
        ('{"timestamp": 1767261600000}', "timestamp: missing"),
        ('{"timestamp": null}', "timestamp: missing"),
        ('{"timestamp": "noon"}', "noon"),
        ('{"timestamp": "2026-01-01T10:00:00"}', "no time zone"),
        ('{"timestamp": "0001-01-01T00:00:00+10:00"}', "outside the years"),
    ],
)
def test_a_line_that_is_no_message_is_rejected_by_its_number_and_stops_nothing(line: str, reason: str) -> None:
    inputs = read(LINES[0], line, LINES[1])
    assert [message.text for message in inputs.messages] == [LINES[1], LINES[0]]
    (rejected,) = inputs.rejected
    assert rejected.place == "events.jsonl:2"
    assert reason in rejected.reason
    assert "\n" not in rejected.reason


def test_empty_lines_are_no_messages_and_no_faults() -> None:
    inputs = read("", LINES[0], "   ", "\r\n")
    assert (len(inputs.messages), inputs.rejected) == (1, [])


def test_a_line_keeps_its_number_after_empty_ones() -> None:
    assert read("", "", "hello").rejected[0].place == "events.jsonl:3"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gone.jsonl", None, "No such file or directory"),
        ("torn.jsonl.gz", gzip.compress(TEXT.encode(), mtime=0)[:-20], "ended before"),
        ("plain.jsonl.gz", TEXT.encode(), "gzip"),
        ("plain.jsonl.xz", TEXT.encode(), "format"),
        ("latin.jsonl", '{"name": "Käthe"}'.encode("latin-1"), "utf-8"),
    ],
)
def test_an_input_that_cannot_be_read_is_named_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputUnreadable) as caught:
        read_inputs([str(path)])
    message = str(caught.value)
    assert message.startswith(f"cannot read {path}: ")
    assert reason in message
    assert "\n" not in message


def test_a_folder_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="Is a directory"):
        read_inputs([str(tmp_path)])
