"""The mails that the page carries with it, packed so that a year of them still opens at once.

Every intended send is in the index. Bodies are many and large, and much alike: they are compressed in packs,
and a pack is opened by the browser only when one of its mails is read. Past a number, a sample does for all.
"""

import base64
import email.policy
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from local.report.run_folder import Email, RunFolder

MOST_WITH_BODY = 1_200
_PACK = 40


@dataclass(frozen=True)
class Archive:
    """`index` and `packs` are gzipped JSON in base64.

    The index is `{"packs": {send_id: number of the pack}, "mails": [fields of emails.jsonl in order]}`;
    a pack is `{send_id: {"headers": [[name, value]], "html": text, "text": text}}`.
    """

    index: str
    packs: list[str]
    with_body: int
    sent: int


def make_archive(run: RunFolder, most: int = MOST_WITH_BODY) -> Archive:
    sent = [mail for mail in run.emails if run.mail_path(mail).exists()]
    chosen = sample(sent, most)
    packs = [chosen[start : start + _PACK] for start in range(0, len(chosen), _PACK)]
    place = {mail.send_id: number for number, pack in enumerate(packs) for mail in pack}
    mails = [mail.model_dump(mode="json") for mail in run.emails]
    return Archive(
        index=_packed({"packs": place, "mails": mails}),
        packs=[_packed({mail.send_id: read_mail(run.mail_path(mail)) for mail in pack}) for pack in packs],
        with_body=len(chosen),
        sent=len(sent),
    )


def sample(mails: Sequence[Email], most: int) -> list[Email]:
    """All if few enough; else the oldest and the newest of every journey's every step, alike in number."""
    if len(mails) <= most:
        return list(mails)
    by_step: dict[tuple[str, str], list[Email]] = defaultdict(list)
    for mail in mails:
        by_step[mail.journey, mail.step].append(mail)
    each_end = max(1, most // (2 * len(by_step)))
    chosen = {mail.send_id for step in by_step.values() for mail in (*step[:each_end], *step[-each_end:])}
    return [mail for mail in mails if mail.send_id in chosen]


def read_mail(path: Path) -> dict[str, Any]:
    """`{"headers": [[name, value]], "html": text, "text": text}`; a missing part is an empty text."""
    message = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    return {
        "headers": [[name, str(value)] for name, value in message.items()],
        "html": _part(message, "html"),
        "text": _part(message, "plain"),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _packed(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
