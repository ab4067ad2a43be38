"""A shop's files that bite: code in tags, keys that stand twice, circles, nesting: refused at once, nothing runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import DictLoader

from homing.domain.rules import RuleError
from homing.domain.segments import Segments
from homing.emails import TemplateInvalid
from homing.emails.environment import MailEnvironment
from homing.emails.texts import Form, Texts
from local.shop_files import ShopFileError, read_yaml

FORMS: tuple[Form, ...] = ("html", "txt")

CODE = {
    "os-system": "!!python/object/apply:os.system ['touch planted']",
    "popen": "!!python/object/apply:subprocess.Popen [[touch, planted]]",
    "object-new": "!!python/object/new:os.system ['touch planted']",
    "object": "!!python/object:subprocess.Popen {args: [touch, planted]}",
    "eval": "!!python/object/apply:eval [\"open('planted', 'w')\"]",
    "name": "!!python/name:os.system",
    "module": "!!python/module:os",
    "tuple": "!!python/tuple [1, 2]",
    "whole-tag": "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch planted']",
    "tag-by-directive": "!e!os.system ['touch planted']",
    "own-tag": "!include /etc/passwd",
    "ruby": "!ruby/object:Gem::Installer {i: x}",
    "java": "!!javax.script.ScriptEngineManager [!!java.net.URL ['https://evil.example']]",
}


@pytest.mark.parametrize("code", CODE.values(), ids=CODE.keys())
@pytest.mark.parametrize("place", ["segments: {}", "segments:\n  x:\n    orders.count: {}", "{}: 1", "- {}"])
def test_a_tag_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, place: str) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "segments.yaml"
    head = "%TAG !e! tag:yaml.org,2002:python/object/apply:\n---\n" if "!e!" in code else ""
    file.write_text(head + place.format(code), encoding="utf-8")
    with pytest.raises(ShopFileError, match=r"segments\.yaml"):
        read_yaml(file)
    assert list(tmp_path.iterdir()) == [file]


def test_a_tag_that_a_library_has_taught_to_the_process_is_none_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml.SafeLoader, "yaml_multi_constructors", {"!": lambda *_: "planted"})
    file = tmp_path / "segments.yaml"
    file.write_text("segments: !include /etc/passwd", encoding="utf-8")
    with pytest.raises(ShopFileError, match=r"segments\.yaml:1: "):
        read_yaml(file)


MALFORMED = {
    "key-twice": "segments:\n  a: {orders.count: 1}\n  a: {orders.count: 2}",
    "key-twice-deep": "segments: {a: {orders.count: {at_least: 1, at_least: 2}}}",
    "key-twice-in-two-spellings": 'segments: {a: 1, "a": 2}',
    "root-twice": "segments: {}\nsegments: {}",
    "merge": "a: &a {b: 1}\nsegments: {<<: [1]}",
    "merge-of-itself": "segments: &a {<<: *a}",
    "unknown-alias": "segments: *nobody",
    "two-documents": "segments: {}\n---\nsegments: {}",
    "open-list": "segments: [",
    "open-quote": "segments: '",
    "tab": "segments:\n\ta: 1",
    "directive": "%YAML 9.9\n---\nsegments: {}",
    "alias": "a: &a {b: 1}\nsegments: {c: *a}",
    "alias-bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nsegments: *c",
    "alias-of-itself": "segments: &a {all: [*a]}",
    "nested-lists": "segments: " + "[" * 2_000 + "]" * 2_000,
    "nested-mappings": "segments: " + "{a: " * 2_000 + "1" + "}" * 2_000,
    "control-character": "segments: {a: \x07}",
    "list-as-a-key": "segments: {[a]: 1}",
    "no-integer": "segments: !!int abc",
    "endless-integer": "segments: " + "9" * 5_000,
}


@pytest.mark.parametrize("source", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_file_with_two_meanings_or_none_is_refused_by_its_line(tmp_path: Path, source: str) -> None:
    file = tmp_path / "segments.yaml"
    file.write_text(source, encoding="utf-8")
    with pytest.raises(ShopFileError, match=r"segments\.yaml:\d+: "):
        read_yaml(file)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "segments.yaml"
    file.write_bytes(b"segments: {a: \xff}")
    with pytest.raises(ShopFileError, match="UTF-8"):
        read_yaml(file)


def circle(word: str) -> dict[str, Any]:
    """A condition that contains itself, as an alias within its own anchor gives it."""
    condition: dict[str, Any] = {}
    condition[word] = condition if word == "not" else [condition]
    return condition


def nested(depth: int) -> dict[str, Any]:
    condition: dict[str, Any] = {"orders.count": {"at_least": 1}}
    for _ in range(depth):
        condition = {"not": condition}
    return condition


def chain(length: int) -> dict[str, Any]:
    return {"s0": {"orders.count": {"at_least": 1}}} | {f"s{n}": {"segment": f"s{n - 1}"} for n in range(1, length)}


RULES: dict[str, object] = {
    "contains-itself-by-not": {"segments": {"a": circle("not")}},
    "contains-itself-by-all": {"segments": {"a": circle("all")}},
    "contains-itself-by-any": {"segments": {"a": circle("any")}},
    "refers-to-itself": {"segments": {"a": {"segment": "a"}}},
    "two-in-a-circle": {"segments": {"a": {"segment": "b"}, "b": {"not": {"segment": "a"}}}},
    "ten-in-a-circle": {"segments": {f"s{n}": {"segment": f"s{(n + 1) % 10}"} for n in range(10)}},
    "chain-of-a-thousand": {"segments": chain(1_000)},
    "nested-50": {"segments": {"a": nested(50)}},
    "nested-50000": {"segments": {"a": nested(50_000)}},
    "root-list": [],
    "root-null": None,
    "root-text": "segments",
    "root-stranger": {"segments": {}, "__class__": {}},
    "segments-list": {"segments": []},
    "segment-null": {"segments": {"a": None}},
    "segment-with-two-conditions": {"segments": {"a": {"orders.count": 1, "cart.size": 1}}},
    "name-number": {"segments": {5: {"orders.count": 1}}},
    "name-null": {"segments": {None: {"orders.count": 1}}},
    "name-markup": {"segments": {"<script>": {"orders.count": 1}}},
    "name-path": {"segments": {"../x": {"orders.count": 1}}},
    "name-of-a-key": {"segments": {"P#x": {"orders.count": 1}}},
    "name-with-a-line": {"segments": {"a\nb": {"orders.count": 1}}},
    "name-of-python": {"segments": {"__class__": {"orders.count": 1}}},
    "name-not-ascii": {"segments": {"ａ": {"orders.count": 1}}},  # noqa: RUF001
    "fact-of-python": {"segments": {"a": {"__class__": 1}}},
    "fact-of-python-below-a-fact": {"segments": {"a": {"orders.__class__": 1}}},
    "fact-very-long": {"segments": {"a": {"x" * 100_000: 1}}},
    "number-nan": {"segments": {"a": {"orders.count": {"at_least": float("nan")}}}},
    "number-infinite": {"segments": {"a": {"orders.count": {"at_least": float("inf")}}}},
    "number-true": {"segments": {"a": {"orders.count": {"at_least": True}}}},
    "number-text": {"segments": {"a": {"orders.count": {"at_least": "1"}}}},
    "duration-overflow": {"segments": {"a": {"orders.last_at": {"within": "9999999999 weeks"}}}},
    "duration-negative": {"segments": {"a": {"orders.last_at": {"within": "-1 day"}}}},
    "description-mapping": {"segments": {"a": {"description": {}, "orders.count": 1}}},
    "calendar-list": {"segments": {}, "calendar": [1]},
    "calendar-no-day": {"segments": {}, "calendar": {"a": "99-99"}},
    "score-of-python": {"segments": {}, "scores": {"a": {"half_life": "1 day", "points": {"__class__": 1}}}},
    "score-infinite": {"segments": {}, "scores": {"a": {"half_life": "1 day", "points": {"visits": float("inf")}}}},
}


@pytest.mark.parametrize("data", RULES.values(), ids=RULES.keys())
def test_rules_that_bite_are_refused(data: object) -> None:
    with pytest.raises(RuleError):
        Segments.parse(data)


def test_many_segments_that_name_one_are_read() -> None:
    """A thousand segments, each of which refers to the same one, read it once."""
    many = {f"s{n}": {"all": [{"segment": "base"}] * 10} for n in range(1_000)}
    assert len(Segments.parse({"segments": {"base": {"orders.count": {"at_least": 1}}, **many}}).by_name) == 1_001


TEXTS: dict[str, str | bytes] = {
    "contains-itself": "subject: &a {with_name: *a}",
    "bomb": "a0: &a0 x\n"
    + "".join(f"a{n}: &a{n} {{with_name: *a{n - 1}, without_name: *a{n - 1}}}\n" for n in range(1, 60)),
    "alias": "subject: &a x\nheading: *a",
    "key-twice": "subject: a\nsubject: b",
    "nested-maps": "{a: " * 5_000 + "1" + "}" * 5_000,
    "nested-lists": "subject: " + "[" * 5_000 + "]" * 5_000,
    "null-byte": "subject: a\0b",
    "escape-sequence": "subject: a\x1b[2J",
    "not-utf-8": b"subject: \xff\xfe",
    "two-documents": "subject: a\n---\nsubject: b",
    "name-of-python": "__class__: a",
    "name-with-code": "'subject() %}{{ 7*7 }}': a",
    "fact-with-code": "subject: {'with_name %}{{ 7*7 }}{% if name': a}",
    "fact-of-python": "subject: {with___class__: a}",
}


@pytest.mark.parametrize("source", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("form", FORMS)
def test_texts_that_bite_are_refused_by_file_and_line(tmp_path: Path, source: str | bytes, form: Form) -> None:
    file = tmp_path / "cart-offer.yaml"
    file.write_bytes(source if isinstance(source, bytes) else source.encode())
    environment = MailEnvironment(DictLoader({}))
    with pytest.raises(TemplateInvalid, match=r"cart-offer\.yaml:\d+: "):
        Texts(file).template(environment, form)
