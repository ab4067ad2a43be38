"""A mail from sample data, as the shop would send it: with its own name, address, colour and logo."""

from pathlib import Path
from typing import Any

from homing.domain.shop import Shop
from homing.emails.samples import everything, nothing, service
from homing.usecases.compose import Identity
from local.shop_files import read_yaml

PAGES_URL = "https://preview.invalid"
"""Leads nowhere: a preview must not let anybody be unsubscribed."""
SERVICE = "service"
DATA = {"full": everything, "minimal": nothing, SERVICE: service}


def identity_of(shop_dir: Path) -> Identity:
    """How the shop will appear once it is deployed with parameters.yaml. Raises ShopFileError."""
    parameters = read_yaml(shop_dir / "parameters.yaml")
    return Identity(str(parameters["ShopName"]), str(parameters["PostalAddress"]), PAGES_URL)


def sample_context(shop: Shop, identity: Identity, data: str) -> dict[str, Any]:
    """The context of a made-up shopper of whom all (`full`) or nothing (`minimal`) is known, or of a service mail."""
    settings = shop.settings
    own = {
        "name": identity.shop_name,
        "postal_address": identity.postal_address,
        **settings.model_dump(include={"url", "support_email", "colour", "logo_url"}),
    }
    sample = DATA[data]()
    addresses = {"shop": settings.url, "cart": settings.cart_url}
    links = {name: addresses.get(name, f"{PAGES_URL}/{name}/sample") for name in sample["links"]}
    return {**sample, "shop": own, "links": links}
