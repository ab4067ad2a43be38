"""The catalogue: products by id, of two writes the later told, and one shelf."""

import pytest

from homing.adapters.catalogue import TableCatalogue
from homing.adapters.table import Table
from homing.domain.catalogue import CatalogueProduct, Shelf

NOON = 1_700_000_000_000


@pytest.fixture
def catalogue(table: Table) -> TableCatalogue:
    return TableCatalogue(table)


def product(product_id: str, **more: object) -> CatalogueProduct:
    told = {"product_id": product_id, "first_seen_at": NOON, "updated_at": NOON, **more}
    return CatalogueProduct.model_validate(told)


def test_a_product_reads_back_as_it_was_saved(catalogue: TableCatalogue) -> None:
    pot = product("pot/1#ü", name="Teekanne", category="Kannen", url="https://shop.example/pot")
    catalogue.save(pot)
    assert catalogue.load(["pot/1#ü"]) == {"pot/1#ü": pot}


def test_products_come_in_the_order_asked_for_and_the_unknown_not(catalogue: TableCatalogue) -> None:
    for product_id in "abc":
        catalogue.save(product(product_id))
    assert list(catalogue.load(["c", "x", "a", "c"])) == ["c", "a"]
    assert catalogue.load([]) == {}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_writes_the_later_told_stays(catalogue: TableCatalogue, order: tuple[int, int]) -> None:
    told = [product("a", name="Pot"), product("a", name="Teapot", updated_at=NOON + 1)]
    for index in order:
        catalogue.save(told[index])
    assert catalogue.load(["a"]) == {"a": told[1]}


def test_of_two_writes_of_one_moment_the_last_stays(catalogue: TableCatalogue) -> None:
    catalogue.save(product("a", name="Pot"))
    catalogue.save(product("a", name="Teapot"))
    assert catalogue.load(["a"])["a"].name == "Teapot"


def test_the_shelf_is_empty_until_it_is_saved(catalogue: TableCatalogue) -> None:
    assert catalogue.shelf() == Shelf()
    shelf = Shelf(newest=((NOON, "a"),), sales={"a": 1.5, "b": 0.25}, scored_on=19_000)
    catalogue.save_shelf(shelf)
    assert catalogue.shelf() == shelf
