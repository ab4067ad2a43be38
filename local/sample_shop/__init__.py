"""Tea & Clay, a made-up shop for tea and ceramics: its shoppers' messages, made from a seed.

The shop exists to show Homing at work where no real data may be used: every kind of shopper that a journey
or a segment speaks of is there, in numbers that make a believable shop. Addresses and links end in
`.example`, which nobody can own; the only others are those of SES's mailbox simulator, so that bounces and
complaints happen too.

The same arguments give the same messages, on every version of Python.
"""

from local.sample_shop.messages import START, Message
from local.sample_shop.products import PRODUCTS, SHOP_URL, Product
from local.sample_shop.shop import flawed_lines, sample_events

__all__ = ["PRODUCTS", "SHOP_URL", "START", "Message", "Product", "flawed_lines", "sample_events"]
