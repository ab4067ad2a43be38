"""Segment-spec messages as clients really send them, and as nobody should."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.dialects.segment_spec import read_message
from homing.domain.events import MAX_PRODUCTS, Event
from homing.domain.ids import alias_id
from homing.domain.moments import HOUR, MINUTE, format_moment
from homing.errors import InvalidMessage
from tests.fakes.stories import NOW


def told(**message: Any) -> Event:
    return read_message({"type": "track", "event": "Order Completed", "userId": "ada", **message}, received_at=NOW)


def told_product(**line: Any) -> Any:
    return told(properties={"products": [{"product_id": "mug", **line}]}).products[0]


def consent(**preferences: object) -> dict[str, object]:
    return {"consent": {"categoryPreferences": preferences}}


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_empty_id_beside_the_one_that_counts_is_none(nothing: str | None) -> None:
    event = told(userId="ada", anonymousId=nothing)
    assert (event.user_id, event.anonymous_id) == ("ada", None)
    assert told(userId=nothing, anonymousId="device").alias == alias_id("anonymous", "device")


def test_an_id_may_be_a_number() -> None:
    assert told(userId=42).alias == told(userId="42").alias
    assert told_product(product_id=7).product_id == "7"


@pytest.mark.parametrize("nobody", [{}, {"userId": None}, {"userId": True}, {"userId": ["ada"]}, {"userId": ""}])
def test_a_message_is_about_somebody(nobody: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage, match="a message needs a userId or an anonymousId"):
        told(**{"userId": None, **nobody})


@pytest.mark.parametrize("kind", ["identify", "track", "page", "screen", "group", "alias"])
def test_all_six_types_are_read(kind: str) -> None:
    assert told(type=kind).type == kind


@pytest.mark.parametrize("kind", [None, "Track", "delete", 1, []])
def test_no_other_type_is_read(kind: object) -> None:
    with pytest.raises(InvalidMessage, match="type"):
        told(type=kind)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Viewed Product", "Product Viewed"),
        ("Added Product", "Product Added"),
        ("Removed Product", "Product Removed"),
        ("Clicked Product", "Product Clicked"),
        ("Viewed Product Category", "Product List Viewed"),
        ("Started Order", "Checkout Started"),
        ("Updated Order", "Order Updated"),
        ("Added to Cart", "Product Added"),
        ("Started Checkout", "Checkout Started"),
        ("Placed Order", "Order Completed"),
        (" Order Completed ", "Order Completed"),
        ("Something Else", "Something Else"),
    ],
)
def test_events_are_known_by_their_older_and_other_names(sent: str, name: str) -> None:
    assert told(event=sent, properties={"product_id": "mug"}).name == name


@pytest.mark.parametrize("name", [None, "", "  ", 7])
def test_a_track_message_names_its_event(name: object) -> None:
    with pytest.raises(InvalidMessage, match="names its event"):
        told(event=name)


def test_an_endless_name_is_cut() -> None:
    assert len(told(event="x" * 100_000).name or "") == 512


def test_the_time_is_corrected_by_the_difference_of_the_clocks() -> None:
    message = {"type": "identify", "userId": "ada", "timestamp": format_moment(NOW + 2 * HOUR - MINUTE)}
    assert read_message(message, received_at=NOW, sent_at=NOW + 2 * HOUR).at == NOW - MINUTE


def test_nothing_happens_later_than_it_is_told() -> None:
    assert told(timestamp=format_moment(NOW + HOUR)).at == NOW


@given(timestamp=st.datetimes(), sent_at=st.integers(-(10**15), 10**15))
def test_no_clock_of_a_client_makes_a_time_that_cannot_be_told(timestamp: Any, sent_at: int) -> None:
    message = {"type": "identify", "userId": "ada", "timestamp": f"{timestamp.isoformat()}Z"}
    try:
        event = read_message(message, received_at=NOW, sent_at=sent_at)
    except InvalidMessage:
        assert timestamp.year < 1970
    else:
        assert 0 <= event.at <= NOW
        assert format_moment(event.at)


def test_without_a_timestamp_it_happens_when_it_arrives() -> None:
    assert told().at == NOW
    assert told(originalTimestamp="2026-01-01T00:00:00Z").at < NOW


@pytest.mark.parametrize(
    "timestamp",
    [
        "soon",
        "2026-06-15",
        "2026-06-15T10:00:00",
        1781524800000,
        "0001-01-01T00:00:00Z",
        {"at": 1},
        "2026-13-01T00:00Z",
    ],
)
def test_a_timestamp_that_is_none_is_refused(timestamp: object) -> None:
    with pytest.raises(InvalidMessage, match="timestamp"):
        told(timestamp=timestamp)


def test_traits_are_read_from_where_each_client_puts_them() -> None:
    segment = told(type="identify", traits={"firstName": "Ada", "address": {"city": "Köln"}})
    rudder = told(type="identify", context={"traits": {"first_name": "Ada", "city": "Köln"}})
    assert segment.traits == rudder.traits == {"first_name": "Ada", "city": "Köln"}


def test_traits_of_the_message_win_over_those_of_its_context() -> None:
    event = told(type="identify", traits={"email": "new@example.com"}, context={"traits": {"email": "old@example.com"}})
    assert event.traits == {"email": "new@example.com"}


def test_traits_that_are_no_text_or_number_are_left_out() -> None:
    assert told(traits={"firstName": None, "lastName": ["x"], "phone": True, "gender": "", "city": 7}).traits == {
        "city": "7"
    }


@pytest.mark.parametrize(
    "email",
    ["ada", "ada lovelace@example.com", "ada@example.com.", "ada@", "a@b\nBcc: x@y", "x" * 250 + "@example.com"],
)
def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(InvalidMessage, match="not an email address"):
        told(traits={"email": email})


@pytest.mark.parametrize(
    "email",
    [
        "Vic@b\u00fccher.example",
        "Vic@B\u00dcCHER.Example",
        "Vic@bu\u0308cher.example",
        "Vic@b\u00fccher\u3002example",
        "Vic@xn--bcher-kva.example",
    ],
    ids=ascii,
)
def test_an_address_has_one_domain_in_ascii_however_it_is_spelled(email: str) -> None:
    assert told(traits={"email": email}).traits == {"email": "Vic@xn--bcher-kva.example"}


def test_a_domain_with_a_sharp_s_is_another_than_that_with_two() -> None:
    assert told(traits={"email": "a@stra\u00dfe.example"}).traits == {"email": "a@xn--strae-oqa.example"}


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("r\u00e9my@post.example", "before the @ SES takes ASCII characters only"),
        ("\u212aim@post.example", "before the @ SES takes ASCII characters only"),
        ("o\ufb00ice@post.example", "before the @ SES takes ASCII characters only"),
        ("a@i\u2764.example", "the domain is none that can be"),
        ("a@b\u00fccher..example", "the domain is none that can be"),
        ("a@\uff42\uff20c.example", "the domain is none that can be"),
        ("a@b\u00fccher.example\u3002", "not an email address"),
        ("a" * 150 + "@" + "b\u00fccher." * 8 + "example", "not an email address"),
    ],
    ids=["accent", "kelvin-sign", "ligature", "heart", "empty-label", "second-at", "dot-at-end", "too-long-in-ascii"],
)
def test_an_address_that_ses_takes_no_mail_for_is_refused_with_the_field_and_the_reason(email: str, why: str) -> None:
    with pytest.raises(InvalidMessage, match=f"traits.email: {why}"):
        told(traits={"email": email})


@pytest.mark.parametrize(
    ("told_of", "interests"),
    [
        (["Green tea", " Clay  pots ", "Green tea", None, ""], "Green tea\nClay pots"),
        ("Green tea, Clay pots,", "Green tea\nClay pots"),
        (["Cups, large", "a\nb"], "Cups, large\na b"),
        (["x" * 100], "x" * 60),
        ([str(number) for number in range(20)], "\n".join(map(str, range(10)))),
    ],
)
def test_interests_are_a_list_or_a_text_with_commas_and_become_a_line_each(told_of: object, interests: str) -> None:
    assert told(type="identify", traits={"interests": told_of}).traits == {"interests": interests}


@pytest.mark.parametrize("nothing", [[], "", " , ", None, 5, {"tea": True}, [[]]])
def test_interests_in_another_shape_are_left_out(nothing: object) -> None:
    assert told(type="identify", traits={"interests": nothing}).traits == {}


@pytest.mark.parametrize("name", ["preferredChannel", "preferred_channel", "channel"])
def test_the_preferred_channel_is_one_that_we_know_by_name(name: str) -> None:
    assert told(type="identify", traits={name: "WhatsApp"}).traits == {"channel": "whatsapp"}
    assert told(type="identify", traits={name: "pigeon"}).traits == {}


def test_shipping_is_read_of_a_checkout_and_of_nothing_else() -> None:
    for name in ("Checkout Started", "Started Checkout", "Checkout Step Viewed", "Checkout Step Completed"):
        assert told(event=name, properties={"shipping": 4.5}).shipping == 450
    assert told(event="Order Completed", properties={"shipping": "by dove"}).shipping is None


@pytest.mark.parametrize("name", ["Email Opened", "Email Link Clicked"])
def test_the_campaign_of_a_mail_goes_by_its_name_else_its_id(name: str) -> None:
    named = {"campaign_id": 7, "campaign_name": "Spring"}
    assert told(event=name, properties=named).campaign == "Spring"
    assert told(event=name, properties={"campaign_id": 7}).campaign == "7"
    assert told(event="Email Delivered", properties=named).campaign is None


def test_consent_is_read_for_each_purpose() -> None:
    assert told(context=consent(marketing=True, analytics=False)).consent == {"analytics": False, "marketing": True}
    assert told().consent == {}


def test_the_wording_and_the_proof_of_a_consent_are_read() -> None:
    kept = {"agreedAt": format_moment(NOW - 2 * HOUR), "confirmedAt": format_moment(NOW - HOUR)}
    event = told(context={"consent": {"categoryPreferences": {"marketing": True}, "wording": " 2026-01 ", **kept}})
    assert (event.wording, event.agreed_at, event.confirmed_at) == ("2026-01", NOW - 2 * HOUR, NOW - HOUR)
    assert told(context={"consent": {"wording": 7}}).wording == "7"


def test_neither_an_agreement_nor_its_proof_is_later_than_it_is_told() -> None:
    event = told(context={"consent": dict.fromkeys(["agreedAt", "confirmedAt"], format_moment(NOW + MINUTE))})
    assert (event.agreed_at, event.confirmed_at) == (NOW, NOW)


@pytest.mark.parametrize("name", ["agreedAt", "confirmedAt"])
@pytest.mark.parametrize(
    "moment", ["yes", True, 1781524800000, "2026-06-15", "1969-12-31T00:00:00Z", "9999-12-31T00:00:00Z"]
)
def test_an_agreement_or_a_proof_that_is_no_moment_of_the_past_is_refused(moment: object, name: str) -> None:
    with pytest.raises(InvalidMessage, match=rf"context\.consent\.{name}"):
        told(context={"consent": {"categoryPreferences": {"marketing": True}, name: moment}})


@pytest.mark.parametrize("wording", [True, "", [], {"version": 1}, "x" * 101])
def test_a_wording_that_names_no_version_is_refused(wording: object) -> None:
    with pytest.raises(InvalidMessage, match=r"context\.consent\.wording"):
        told(context={"consent": {"wording": wording}})


@pytest.mark.parametrize("granted", ["true", "yes", 1, 0, None, {}])
def test_a_consent_that_is_neither_yes_nor_no_is_refused(granted: object) -> None:
    with pytest.raises(InvalidMessage, match=r"categoryPreferences\.marketing: true or false"):
        told(context=consent(marketing=granted))


@pytest.mark.parametrize(
    ("amount", "hundredths"),
    [
        (12, 1200),
        (12.3, 1230),
        ("12.30", 1230),
        (0.125, 12),
        (0.135, 14),
        (2.675, 268),
        (-5, -500),
        (0, 0),
        (None, None),
        (True, None),
    ],
)
def test_money_is_rounded_to_hundredths_as_it_is_written(amount: object, hundredths: int | None) -> None:
    assert told_product(price=amount).price == hundredths


@pytest.mark.parametrize("amount", ["12,30", "twelve", "", [], {}, "NaN", "1e999999", "-1e999999", 1e300, float("inf")])
def test_an_amount_that_is_none_is_refused(amount: object) -> None:
    with pytest.raises(InvalidMessage, match="not an amount of money"):
        told_product(price=amount)


def test_of_total_revenue_and_value_the_first_that_is_told_counts() -> None:
    assert told(properties={"total": None, "revenue": 10, "value": 20}).total == 1000
    assert told(properties={"value": 20}).total == 2000
    assert told().total is None


@pytest.mark.parametrize(("sent", "currency"), [("eur", "EUR"), ("GBP", "GBP"), ("€", None), ("EURO", None), (7, None)])
def test_a_currency_is_three_letters_or_unknown(sent: object, currency: str | None) -> None:
    assert told(properties={"currency": sent}).currency == currency


@pytest.mark.parametrize(
    ("quantity", "pieces"),
    [
        (2, 2),
        (2.0, 2),
        (0.5, 1),
        ("3", 3),
        (0, 0),
        (None, 1),
        (-1, 1),
        (True, 1),
        ("many", 1),
        (1e12, 1),
        (float("nan"), 1),
    ],
)
def test_pieces_are_whole_and_one_where_nobody_tells(quantity: object, pieces: int) -> None:
    assert told_product(quantity=quantity).quantity == pieces


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "mailto:x@y", 7, None])
def test_a_link_that_is_no_web_address_is_dropped(link: object) -> None:
    line = told_product(url=link, image_url=link)
    assert (line.url, line.image_url) == (None, None)


def test_web_addresses_are_kept() -> None:
    assert told_product(url=" https://shop.example/mug ").url == "https://shop.example/mug"


def test_a_product_event_is_its_own_product() -> None:
    event = told(event="Product Added", properties={"sku": "mug-1", "price": 12, "quantity": 2})
    assert [(line.product_id, line.price, line.quantity) for line in event.products] == [("mug-1", 1200, 2)]
    assert told(event="Coupon Entered", properties={"product_id": "mug"}).products == ()


def test_a_huge_list_of_products_is_cut() -> None:
    lines = [{"product_id": str(number)} for number in range(5_000)]
    assert [line.product_id for line in told(properties={"products": lines}).products] == [
        str(number) for number in range(MAX_PRODUCTS)
    ]


@pytest.mark.parametrize("products", ["mug", {"product_id": "mug"}, ["mug"], [None], [{}], [{"product_id": []}]])
def test_products_that_are_none_are_refused(products: object) -> None:
    with pytest.raises(InvalidMessage, match="products"):
        told(properties={"products": products})


def test_a_message_without_an_id_is_known_by_its_content() -> None:
    assert told(properties={"order_id": 1}).message_id == told(properties={"order_id": 1}).message_id
    assert told(properties={"order_id": 1}).message_id != told(properties={"order_id": 2}).message_id
    assert told(messageId="m1").message_fact == told(messageId="m1", event="Cart Viewed").message_fact


@pytest.mark.parametrize("message", [None, "track", 7, [], True])
def test_a_message_is_an_object(message: object) -> None:
    with pytest.raises(InvalidMessage, match="a message is a JSON object"):
        read_message(message, received_at=NOW)


@pytest.mark.parametrize("part", ["properties", "context", "traits"])
def test_each_part_of_a_message_is_an_object(part: str) -> None:
    with pytest.raises(InvalidMessage, match=f"{part}: an object"):
        told(**{part: ["x"]})


def test_half_a_character_is_refused_in_an_id_and_replaced_elsewhere() -> None:
    with pytest.raises(InvalidMessage):
        told(userId="\ud800")
    event = told(event="a\ud800", traits={"firstName": "Ada\ud800"}, context=consent(**{"\ud800": True}))
    assert (event.name, event.traits, event.consent) == ("a?", {"first_name": "Ada?"}, {"?": True})
    assert event.model_dump_json()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e999999", "a@b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
line = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("product_id", "sku", "name", "price", "quantity", "url"), anything)
)
message = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify"]), "userId": anything, "event": anything},
    optional={
        "messageId": anything,
        "timestamp": anything,
        "properties": anything | st.fixed_dictionaries({"products": st.lists(line | anything, max_size=2)}),
        "traits": anything | st.fixed_dictionaries({}, optional={"email": anything, "address": anything}),
        "context": anything | st.fixed_dictionaries({"consent": anything}, optional={"traits": anything}),
    },
)


@settings(max_examples=200)
@given(message)
def test_whatever_is_sent_is_read_or_refused_with_a_reason(message: dict[str, Any]) -> None:
    try:
        event = read_message(message, received_at=NOW, sent_at=NOW)
    except InvalidMessage:
        return
    assert Event.model_validate_json(event.model_dump_json(exclude_defaults=True)) == event
    assert 0 <= event.at <= NOW
