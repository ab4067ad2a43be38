"""Products and the shelf in the table."""

from collections.abc import Iterable, Mapping

from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.catalogue import CatalogueProduct, Shelf

_SHOP, _SHELF = "SHOP", "SHELF"
PRODUCT_KEY = "PRODUCT"


class TableCatalogue:
    """What the shop sells; see `homing.ports.Catalogue`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, product_ids: Iterable[str]) -> Mapping[str, CatalogueProduct]:
        """Those of the products that are known, in the order asked for."""
        asked = list(dict.fromkeys(product_ids))
        items = self._table.get_many([(_partition(product_id), PRODUCT_KEY) for product_id in asked])
        found = {product.product_id: product for product in map(catalogue_product, items)}
        return {product_id: found[product_id] for product_id in asked if product_id in found}

    def save(self, product: CatalogueProduct) -> None:
        """Keep a product's details, unless later ones are kept."""
        item = {
            "pk": text(_partition(product.product_id)),
            "sk": text(PRODUCT_KEY),
            "updated_at": number(product.updated_at),
            "body": text(product.model_dump_json(exclude_defaults=True)),
        }
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR updated_at <= :at",
                values={":at": number(product.updated_at)},
            )
        except ConditionFailed:
            return

    def shelf(self) -> Shelf:
        """The shelf as it stands."""
        item = self._table.get(_SHOP, _SHELF)
        return Shelf() if item is None else Shelf.model_validate_json(item["body"]["S"], extra="ignore")

    def save_shelf(self, shelf: Shelf) -> None:
        """Keep the shelf. Of two at the same moment one is lost: it is an estimate, and mends itself."""
        self._table.put({"pk": text(_SHOP), "sk": text(_SHELF), "body": text(shelf.model_dump_json())})


def catalogue_product(item: Item) -> CatalogueProduct:
    """The product that a PRODUCT item holds."""
    return CatalogueProduct.model_validate_json(item["body"]["S"], extra="ignore")


def _partition(product_id: str) -> str:
    return f"PRODUCT#{product_id}"
