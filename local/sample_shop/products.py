"""What Tea & Clay sells."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

SHOP_URL = "https://shop.example"
IMAGE_URL = "https://shop.example/images"

Currency = Literal["GBP", "EUR"]


@dataclass(frozen=True)
class Product:
    product_id: str
    name: str
    category: str
    pounds: Decimal
    euros: Decimal
    launched_on: int = 0
    """The day of the sample on which it came onto the shelf."""

    def price(self, currency: Currency) -> Decimal:
        return self.pounds if currency == "GBP" else self.euros

    @property
    def url(self) -> str:
        return f"{SHOP_URL}/{self._slug(self.category)}/{self._slug(self.name)}"

    @property
    def image_url(self) -> str:
        return f"{IMAGE_URL}/{self.product_id.lower()}.jpg"

    @staticmethod
    def _slug(text: str) -> str:
        return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


_SHELVES = """
Green tea
  GT-01  Sencha First Flush          9.50  10.90
  GT-02  Gyokuro Shade Grown        18.00  20.90
  GT-03  Genmaicha Toasted Rice      7.50   8.50
  GT-04  Jasmine Pearls             12.00  13.90
  GT-05  Ceremonial Matcha, 30 g    22.00  25.50
  GT-06  Hojicha Evening Roast       8.00   8.90
  GT-07  Shincha, New Harvest       16.00  18.50  day 75
Black tea
  BT-01  Assam Breakfast             6.50   7.50
  BT-02  Darjeeling Second Flush    11.50  13.50
  BT-03  Earl Grey, Calabrian        7.00   7.90
  BT-04  Lapsang Smoked Pine         8.50   9.90
  BT-05  Ceylon Orange Pekoe         6.90   7.90
  BT-06  East Frisian Blend          7.20   7.90
Oolong and white
  OW-01  Tie Guan Yin               14.00  16.50
  OW-02  Milk Oolong                13.00  14.90
  OW-03  White Peony                12.50  14.50
  OW-04  Aged White Cake, 100 g     34.00  39.00
Herbs
  HB-01  Alpine Meadow               6.00   6.90
  HB-02  Chamomile Whole Flower      5.50   6.20
  HB-03  Rooibos Vanilla             5.90   6.80
  HB-04  Peppermint, Cut Leaf        4.90   5.50
  HB-05  Ginger & Lemon              5.90   6.50
  HB-06  Winter Apple                6.20   6.90
Teapots
  TP-01  Kyusu Teapot, Moss         58.00  66.00
  TP-02  Round Teapot, Oat          46.00  52.00
  TP-03  Glass Teapot, 0.8 l        29.00  33.00
  TP-04  Cast Iron Teapot, Ink      64.00  73.00
  TP-05  Travel Set, Two Cups       38.00  44.00
Cups and bowls
  CB-01  Tumbler, Speckled          16.00  18.50
  CB-02  Tea Bowl, Tenmoku          28.00  32.00
  CB-03  Espresso Cup, Chalk        12.00  13.90
  CB-04  Mug, Seconds Shelf       14.00  16.00
  CB-05  Handle Mug, Sea Glass      19.00  21.90
  CB-06  Set of Four Tumblers       56.00  64.00
  CB-07  Matcha Bowl, Ash Glaze     32.00  36.50
  CB-08  Yunomi, Spring Glaze       21.00  24.00  day 45
Tools
  TL-01  Bamboo Whisk               15.00  17.00
  TL-02  Cherry Bark Caddy          24.00  27.50
  TL-03  Steel Strainer              9.00   9.90
  TL-04  Walnut Tea Scoop            8.00   8.90
  TL-05  Linen Tea Towel            11.00  12.50
Gifts
  GF-01  Tasting Box, Six Teas      24.00  27.50
  GF-02  First Cup Gift Set         42.00  48.00
  GF-03  Gift Card, Printed         25.00  25.00
  GF-04  Year of the Horse Tin      13.00  14.90  day 20
"""


def _stock(shelves: str) -> tuple[Product, ...]:
    products: list[Product] = []
    category = ""
    for line in shelves.strip().splitlines():
        if not line.startswith(" "):
            category = line
            continue
        product_id, name, pounds, euros, *launch = re.split(r"\s{2,}", line.strip())
        launched_on = int(launch[0].removeprefix("day ")) if launch else 0
        products.append(Product(product_id, name, category, Decimal(pounds), Decimal(euros), launched_on))
    return tuple(products)


PRODUCTS = _stock(_SHELVES)
CATEGORIES = tuple(dict.fromkeys(product.category for product in PRODUCTS))
NEW_PRODUCTS = tuple(sorted((new for new in PRODUCTS if new.launched_on), key=lambda new: new.launched_on))


def on_sale(day: int) -> tuple[Product, ...]:
    """What the shop sells on that day."""
    return tuple(product for product in PRODUCTS if product.launched_on <= day)
