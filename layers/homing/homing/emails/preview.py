"""For those who write mails: every mail in every language with sample data, as files to open in a browser.

`python -m homing.emails.preview shop/emails out/previews`
"""

import sys
from html import escape
from pathlib import Path

from homing.emails.assembly import mails_of
from homing.emails.compiler import checked_environment
from homing.emails.errors import TemplateInvalid
from homing.emails.renderer import render_email
from homing.emails.samples import everything


def write_previews(source_dir: Path, target_dir: Path) -> Path:
    """Write `<mail>.<language>.html` and `.txt` to `target_dir` and return the page that lists them."""
    environment = checked_environment(source_dir)
    target_dir.mkdir(parents=True, exist_ok=True)
    rows = []
    for mail, language in mails_of(source_dir):
        rendered = render_email(environment, mail, language, everything())
        name = f"{mail}.{language}"
        (target_dir / f"{name}.html").write_text(rendered.html, encoding="utf-8")
        (target_dir / f"{name}.txt").write_text(rendered.text, encoding="utf-8")
        links = f'<a href="{name}.html">{name}</a> (<a href="{name}.txt">text</a>)'
        rows.append(f"<li>{links}: {escape(rendered.subject)}</li>")
    index = target_dir / "index.html"
    index.write_text(f'<!DOCTYPE html><meta charset="utf-8"><ul>{"".join(rows)}</ul>\n', encoding="utf-8")
    return index


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{write_previews(Path(sys.argv[1]), Path(sys.argv[2]))}\n")
    except TemplateInvalid as error:
        sys.exit(str(error))
