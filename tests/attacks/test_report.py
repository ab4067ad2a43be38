"""The report of a run is a page of its own making, whatever shoppers, subjects and segments are called in it."""

import base64
import gzip
import json
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from local.report import write_report

AT = "2026-03-02T09:15:04Z"
HARMLESS = "a mug"
TEXTS = {
    "script": "<script>alert(1)</script>",
    "script-end": "</script><script id=planted>alert(1)</script>",
    "script-end-in-capitals": "</SCRIPT ><script>alert(1)</script>",
    "comment-in-a-script": "<!--<script>",
    "image": "<img src=x onerror=alert(1)>",
    "svg": "<svg onload=alert(1)>",
    "double-quote": '" onmouseover="alert(1)',
    "single-quote": "' onmouseover='alert(1)",
    "option-end": '"></option></select><script>alert(1)</script>',
    "title-end": "</title></style><script>alert(1)</script>",
    "svg-path": 'M0 0"/><script>alert(1)</script>',
    "css": "1%; } body { background: url(//evil.example)",
    "expression": "{{ 7*7 }}",
    "statement": "{% include '/etc/passwd' %}",
    "sandbox": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "json-end": '"}]}</script><script>alert(1)</script>',
    "line-separator": "a\u2028b\u2029c",
    "bidi-override": "\u202egum",
    "null-byte": "a\0b",
    "entity": "&lt;script&gt;&#60;b&#62;",
    "spreadsheet-formula": '=HYPERLINK("https://evil.example","x")',
    "spreadsheet-command": "=cmd|'/C calc'!A0",
    "spreadsheet-plus": "+1+1",
    "spreadsheet-at": "@SUM(A1)",
    "spreadsheet-tab": "\t=1+1",
    "separators": 'a,b;"c"\td\r\ne',
    "link": "javascript:alert(1)",
    "prototype": "__proto__",
    "long": "x" * 100_000,
}


class _Page(HTMLParser):
    """The tags of a page with the names of their attributes, and what its scripts hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[object] = []
        self.scripts: dict[str | None, str] = {}
        self._script: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [name for name, _ in attrs]))
        self._script = dict(attrs).get("id") or "page" if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._script = None

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"<!--{data}")

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data


def report_of(folder: Path, text: str) -> _Page:
    """The report of a run of one shopper, one segment, one journey with one mail, all of which are called so."""
    (folder / "emails").mkdir(parents=True)
    mail: dict[str, Any] = {"at": AT, "profile_id": text, "email": text, "journey": text, "step": text}
    mail |= {"subject": text, "template": text, "outcome": "sent", "reason": None, "send_id": "one"}
    withheld = mail | {"outcome": "skipped", "reason": text, "send_id": "two"}
    change = {"at": AT, "profile_id": text, "segment": text, "change": "entered"}
    run = {"run_id": text, "journey": text, "profile_id": text, "started_at": AT, "ended_at": AT}
    run |= {"ended": "exited", "reason": text}
    told = {"emails": [mail, withheld], "segments": [change], "runs": [run]}
    for name, lines in told.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    counted = dict.fromkeys(("read", "accepted", "duplicate", "rejected"), 1)
    summary = {"events": counted, "profiles": 1, "operations": {text: 1}, "virtual_days": 1, "wall_seconds": 1}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    message = EmailMessage()
    message["Subject"] = " ".join(text.split())[:100].replace("\0", "")
    message.set_content(text)
    message.add_alternative(text, subtype="html")
    (folder / "emails/one.eml").write_bytes(message.as_bytes())
    return _Page(write_report(folder).read_text(encoding="utf-8"))


def unpacked(packed: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> _Page:
    return report_of(tmp_path_factory.mktemp("run") / "out", HARMLESS)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_what_things_are_called_changes_nothing_of_the_page_but_its_words(
    tmp_path: Path, harmless: _Page, text: str
) -> None:
    page = report_of(tmp_path / "out", text)
    assert page.tags == harmless.tags
    assert page.scripts["page"] == harmless.scripts["page"]
    # Nothing is lost either: the mails tell what they told.
    index = unpacked(page.scripts["mails-index"])
    assert {mail["subject"] for mail in index["mails"]} == {text}
    assert {series["name"] for series in json.loads(page.scripts["timeline-data"])["series"]} == {text}
