"""Builds the shop layer: `python -m local.shop_build SHOP_DIR TARGET_DIR`.

The layer holds the shop's files as one validated JSON file, which a function reads much faster than YAML, and the
mails compiled, so that a fault in either stops the build and not a mail.
"""

import json
import sys
from pathlib import Path

from homing.domain.shop import Shop
from homing.emails.assembly import is_service, mails_of
from homing.emails.compiler import compile_emails
from homing.emails.errors import EmailError
from local.shop_files import ShopFileError, read_shop, read_shop_files


def build_shop(shop_dir: Path, target_dir: Path) -> Shop:
    """Write `shop.json` and `emails/` for the shop; the shop. Raises ShopFileError or EmailError."""
    shop = read_shop(shop_dir)
    _check_steps(shop, shop_dir)
    target_dir.mkdir(parents=True, exist_ok=True)
    compile_emails(shop_dir / "emails", target_dir / "emails")
    data = json.dumps(read_shop_files(shop_dir), sort_keys=False, ensure_ascii=False, separators=(",", ":"))
    (target_dir / "shop.json").write_text(data, encoding="utf-8")
    return shop


def _check_steps(shop: Shop, shop_dir: Path) -> None:
    """Raises ShopFileError for a step whose mail is not there, or not of its journey's kind."""
    emails_dir = shop_dir / "emails"
    mails = {mail for mail, _ in mails_of(emails_dir)}
    for name, journey in shop.journeys.items():
        for step_name, step in journey.steps.items():
            place = f"{shop_dir / 'journeys.yaml'}: {name}.{step_name}"
            if step.template not in mails:
                raise ShopFileError(f"{place}: there is no mail '{step.template}' in {emails_dir}")
            if is_service(emails_dir, step.template) != (journey.kind == "service"):
                raise ShopFileError(f"{place}: the mails of emails/service are for journeys of kind 'service' alone")


def main() -> int:
    """Build, or say what is wrong; the exit status."""
    if len(sys.argv) != 3:
        print("usage: python -m local.shop_build SHOP_DIR TARGET_DIR", file=sys.stderr)
        return 2
    try:
        build_shop(Path(sys.argv[1]), Path(sys.argv[2]))
    except (ShopFileError, EmailError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
