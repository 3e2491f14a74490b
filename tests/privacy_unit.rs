//! Rules of what is kept: which digits are a card's, which fields are a person's, and what stands for a person.

use botledger::config::UserIds;
use botledger::ingest::Code;
use botledger::ingest::cloudevents::parse;
use botledger::ingest::privacy::cards::{in_id, in_number, in_text, is_card};
use botledger::ingest::privacy::fields::{cleaned, is_private};
use botledger::ingest::privacy::pseudonym::{Pseudonyms, is_pseudonym};
use botledger::ingest::privacy::{Kind, Privacy};
use botledger::ingest::webhooks::Webhook;
use botledger::model::{Event, EventType};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Test numbers that networks and processors publish, as their cards print them.
const PUBLISHED: [&str; 27] = [
    "4111 1111 1111 1111",     // Visa
    "4242 4242 4242 4242",     // Visa
    "4222 2222 2222 2",        // Visa of 13 digits
    "4000 0566 5566 5556",     // Visa debit
    "5555 5555 5555 4444",     // Mastercard
    "5105 1051 0510 5100",     // Mastercard
    "2223 0031 2200 3222",     // Mastercard, 2-series
    "2223 0000 4840 0011",     // Mastercard, 2-series
    "2720 9900 0000 0007",     // the last prefix of the 2-series
    "3782 822463 10005",       // American Express
    "3714 496353 98431",       // American Express
    "6011 1111 1111 1117",     // Discover
    "6011 0009 9013 9424",     // Discover
    "3056 9300 0902 04",       // Diners Club
    "3852 0000 0232 37",       // Diners Club
    "3622 7206 2716 67",       // Diners Club
    "3566 0020 2036 0505",     // JCB
    "3530 1113 3330 0000",     // JCB
    "6200 0000 0000 0005",     // UnionPay
    "6205 5000 0000 0000 004", // UnionPay of 19 digits
    "6304 0000 0000 0000",     // Maestro
    "6759 6498 2643 8453",     // Maestro
    "6799 9901 0000 0000 019", // Maestro of 19 digits
    "5018 0000 0009",          // Maestro of 12 digits
    "5066 9911 1111 1118",     // Elo
    "6062 8205 2484 5321",     // Hipercard
    "2201 3820 0000 0013",     // Mir
];

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2016-09-12T12:00:00Z")
        .unwrap()
        .with_timezone(&Utc)
}

fn privacy(user_ids: UserIds) -> Privacy {
    Privacy::new(&[7; 32], user_ids)
}

fn together(card: &str) -> String {
    card.replace(' ', "")
}

/// A native event of a captured payment with more fields.
fn read(more: Value) -> Result<Event, (Code, String)> {
    let mut event = json!({"specversion": "1.0", "id": "e1", "source": "/tests", "type": "transaction.captured",
        "time": "2016-09-12T09:00:00Z",
        "data": {"provider": "stripe", "payment_id": "p1", "amount": {"value": "1.00", "currency": "USD"}}});
    for (name, value) in more.as_object().unwrap() {
        event["data"][name] = value.clone();
    }
    parse(event.to_string().as_bytes(), now(), &privacy(UserIds::Hashed))
        .map_err(|rejection| (rejection.code, rejection.field.unwrap_or_default().into_owned()))
}

fn extra(more: Value) -> Value {
    read(more)
        .unwrap()
        .extra
        .map_or(Value::Null, |extra| serde_json::from_str(&extra).unwrap())
}

#[test]
fn a_person_in_a_conversations_id_has_a_pseudonym_however_the_platform_is_spelled() {
    let kept = |platform: &str| {
        let more = json!({"platform": platform, "conversation_id": "page-1:psid-99", "user_id": "psid-99"});
        let event = read(more).unwrap();
        let person = event.user_id.unwrap();
        (event.conversation_id.unwrap(), format!("page-1:{person}"))
    };
    for platform in [
        "messenger",
        "facebook",
        "facebook_messenger",
        "fb",
        "telegram",
        "telegram_bot",
        "tg",
    ] {
        let (conversation, pseudonymous) = kept(platform);
        assert_eq!(conversation, pseudonymous, "{platform}");
    }
    assert_eq!(kept("web").0, "page-1:psid-99");
    for refused in ["Messenger", "TELEGRAM", "facebook-messenger"] {
        let more = json!({"platform": refused, "conversation_id": "page-1:psid-99"});
        assert_eq!(read(more).unwrap_err().0, Code::InvalidWord, "{refused}");
    }
}

#[test]
fn a_link_of_any_spelling_names_no_person_in_plain() {
    let source = crate::support::app::source("stripe", &["whsec_1"]);
    let webhook = Webhook::open(&source).unwrap();
    for platform in ["Messenger", " TELEGRAM", "Facebook Messenger", "no platform!"] {
        let metadata = json!({"platform": platform, "conversation_id": "page-1:psid-99", "user_id": "psid-99"});
        let notice = json!({"id": "evt_1", "object": "event", "type": "payment_intent.created", "data": {"object":
            {"id": "pi_1", "amount": 100, "currency": "usd", "metadata": metadata}}});
        let events = webhook.events(notice.to_string().as_bytes(), now());
        let (event, _) = privacy(UserIds::Hashed).protect(events[0].clone());
        assert!(!format!("{event:?}").contains("psid-99"), "{event:?}");
    }
}

#[test]
fn published_numbers_of_every_network_are_cards_however_they_are_written() {
    for card in PUBLISHED {
        let plain = together(card);
        assert!(is_card(&plain), "{card}");
        let written = [
            plain.clone(),
            card.to_owned(),
            card.replace(' ', "-"),
            card.replace(' ', " - "),
            card.replace(' ', "\u{a0}"),
            card.replace(' ', "\u{2013}"),
            format!("pay with {card}, please"),
            format!("no. 12 {card} 11/30"),
            format!("x{plain}y"),
        ];
        for text in written {
            assert!(in_text(&text), "{text}");
            assert_eq!(cleaned(&text), "[card removed]", "{text}");
        }
    }
}

#[test]
fn a_number_that_is_off_by_one_is_no_card() {
    for card in PUBLISHED {
        let mut digits = together(card).into_bytes();
        for at in [digits.len() - 1, 7] {
            let before = digits[at];
            digits[at] = b'0' + (before - b'0' + 1) % 10;
            let text = String::from_utf8(digits.clone()).unwrap();
            assert!(!is_card(&text) && !in_text(&text), "{text}");
            digits[at] = before;
        }
    }
    // Right by Luhn, and of no network or no length of it.
    for number in [
        "1234567812345670",
        "9999999999999995",
        "41111111111111",
        "0000000000000000",
        "42",
    ] {
        assert!(!in_text(number), "{number}");
    }
}

#[test]
fn an_id_of_plain_digits_is_kept_and_one_written_like_a_card_is_refused() {
    for card in PUBLISHED.iter().filter(|card| card.split(' ').count() > 2) {
        let plain = together(card);
        assert!(!in_id(&plain) && !in_id(&format!("page:{plain}")), "{card}");
        assert!(
            in_id(card) && in_id(&card.replace(' ', "-")) && in_id(&format!("order {card}")),
            "{card}"
        );
        let event = read(json!({"payment_id": plain, "attempt_id": plain, "checkout_id": plain})).unwrap();
        assert_eq!(event.payment_id, Some(plain));
        for field in ["payment_id", "attempt_id", "conversation_id", "user_id", "bot_id"] {
            let sent = json!({field: card, "platform": "web"});
            assert_eq!(
                read(sent).unwrap_err(),
                (Code::CardNumber, format!("data.{field}")),
                "{card}"
            );
        }
    }
    // A person's number and a count, as many conversations are named.
    assert!(!in_id("4392838404113984-123") && !in_id("4111111111111111:4111111111111111"));
}

#[test]
fn a_card_in_any_other_field_leaves_nothing() {
    let card = "4111-1111-1111-1111";
    let event = read(json!({"decline_code": "51 at 4111111111111111", "brand": card})).unwrap();
    assert_eq!(event.decline_code.as_deref(), Some("[card removed]"));
    assert_eq!(event.brand.as_deref(), Some("[card removed]"));
    assert_eq!(
        read(json!({"method": "4111111111111111"})).unwrap_err().0,
        Code::CardNumber
    );
    assert_eq!(
        read(json!({"wallet": "4111_1111_1111_1111"})).unwrap_err().0,
        Code::CardNumber
    );
    let kept = extra(json!({
        "paper": format!("my card is {card}"), "paid": 4111111111111111u64, "as_float": 4111111111111111.0,
        "deep": {"list": [1, card, {"inner": "5555555555554444"}], "4111111111111111": 1},
        "encoded": "{\"ref\": \"4111111111111111\", \"cvv\": \"123\", \"kept\": 1}",
        "code": "CVV2: 8317", "steps": 7, "price": 29.62,
    }));
    assert_eq!(kept, json!({"deep": {"list": [1]}, "steps": 7, "price": 29.62}));
}

#[test]
fn outside_the_contract_only_figures_and_words_of_programs_stay() {
    let kept = json!({
        "plan": "gold", "step": "new_customer", "channel": "in-app", "market": "EUR", "vip": true, "paid": false,
        "age": 41, "ratio": -0.125, "limit": 999999, "list": [1, "red", [true]], "deep": {"deeper": {"tier": "b"}},
    });
    assert_eq!(extra(kept.clone()), kept);
    let gone = json!({
        "place": "Gold Street", "sort": "Gold", "title_case": "goldStar", "version": "v2", "digits": "1042", "blank": "",
        "long": "g".repeat(33), "capitals": "GOLD", "accent": "doré", "dotted": "ada.lovelace", "mail": "a@b.example",
        "since": 1473670800, "big": 1234567, "point": 52.52000812, "none": [null], "empty": {}, "list": ["Ada L", {"x": []}],
    });
    assert_eq!(extra(gone), Value::Null);
}

#[test]
fn the_name_of_a_field_says_that_it_is_about_somebody_or_holds_what_somebody_said() {
    let names = [
        "userId",
        "user-id",
        "userid",
        "USER_ID",
        "users",
        "psid",
        "PSID",
        "sender_id",
        "sender",
        "from",
        "From",
        "to",
        "recipientId",
        "chatId",
        "chat",
        "chat_id",
        "customer",
        "customerRef",
        "visitor",
        "id",
        "ids",
        "idUser",
        "externalId",
        "uuid",
        "session",
        "login",
        "nick",
        "handle",
        "account",
        "token",
        "apiKey",
        "phone",
        "hash",
        "display_name",
        "buyer",
        "contact",
        "conversatoin",
    ];
    for name in names {
        for value in [json!("jane"), json!(4711), json!({"plan": "gold"}), json!(["jane"])] {
            assert_eq!(extra(json!({ name: value.clone() })), Value::Null, "{name}");
            assert_eq!(extra(json!({"deep": [{ name: value }]})), Value::Null, "{name}");
        }
    }
    let said = [
        "message",
        "messages",
        "text",
        "quick_text",
        "Text",
        "body",
        "bodies",
        "comment",
        "comments",
        "note",
        "title",
        "caption",
        "content",
        "payload",
        "query",
        "queries",
        "searchTerm",
        "reply",
        "replies",
        "answer",
        "messageText",
    ];
    for name in said {
        let sent = json!({name: "hello", "deep": {name: ["hello", "there", 2, {"plan": "gold"}]}});
        assert_eq!(extra(sent), json!({"deep": {name: [2]}}), "{name}");
    }
    // The name of a member can be somebody's itself.
    for name in [
        "peter@anemail.com",
        "Peter Chang",
        "+49 170 5550123",
        "8123456789012345",
        "né",
    ] {
        assert_eq!(
            extra(json!({name: 1, "deep": {name: {"plan": "gold"}}})),
            Value::Null,
            "{name}"
        );
    }
    // Whether somebody has done something names nobody.
    assert_eq!(
        extra(json!({"user_paid": true, "message_seen": false})),
        json!({"user_paid": true, "message_seen": false})
    );
    assert_eq!(
        extra(json!({"context": {"plan": "gold"}})),
        json!({"context": {"plan": "gold"}})
    );
}

#[test]
fn what_is_no_field_of_the_type_is_kept_by_the_same_rule() {
    let event = parse(
        json!({"specversion": "1.0", "id": "e", "source": "s", "type": "bot.registered", "data": {
            "platform": "web", "bot_id": "b1", "user_id": "42", "conversation_id": "page:42", "payment_id": "pi_1",
            "direction": "in", "item_count": 3, "decline_code": "51"}})
        .to_string()
        .as_bytes(),
        now(),
        &privacy(UserIds::Hashed),
    )
    .unwrap();
    assert_eq!(event.extra.as_deref(), Some(r#"{"direction":"in","item_count":3}"#));
}

#[test]
fn a_json_number_is_a_card_in_every_notation() {
    for number in [
        "4111111111111111",
        "4111111111111111.0",
        "4.111111111111111e15",
        "4.111111111111111E+15",
        "-4111111111111111",
        "4111111111111111.5",
    ] {
        assert!(in_number(number), "{number}");
    }
    for number in [
        "4111111111111112",
        "41111111111111.11",
        "4.1e15",
        "1e400",
        "0",
        "-1",
        "1495000000000",
    ] {
        assert!(!in_number(number), "{number}");
    }
}

#[test]
fn private_fields_go_whole_at_any_depth_and_in_any_spelling() {
    let spellings = [
        "cvv",
        "CVC",
        "card-number",
        "cardNumber",
        "security_code",
        "verification_value",
        "pan",
        "email",
        "E-Mail",
        "customerEmail",
        "phone",
        "phoneNumber",
        "contact_phone",
        "mobile",
        "billing_address",
        "shippingAddress",
        "line1",
        "street",
        "postal_code",
        "postalCode",
        "zip",
        "city",
        "first_name",
        "firstName",
        "last-name",
        "fullName",
        "customer_name",
        "cardholderName",
        "given_name",
        "surname",
        "name",
        "requested_user_info",
        "shipping",
        "billing_details",
        "payer",
        "tokenized_cvv",
        "exp_month",
    ];
    for name in spellings {
        assert!(is_private(name, "\"x\""), "{name}");
        let sent = json!({"context": {"traits": [{name: {"any": "thing"}, "plan": "gold"}]}, name: "x"});
        // What the contract knows under a name is the contract's.
        assert_eq!(
            extra(sent),
            json!({"context": {"traits": [{"plan": "gold"}]}}),
            "{name}"
        );
    }
    assert!(is_private("number", "\"1234 5600 0000 1234\"") && !is_private("number", "\"12\""));
    for name in [
        "campaign",
        "country",
        "state",
        "item_name",
        "product_name",
        "locale",
        "reference",
        "last4",
        "plan",
    ] {
        assert!(!is_private(name, "\"x\""), "{name}");
    }
}

#[test]
fn email_addresses_leave_texts_and_stand_in_ids_under_a_pseudonym() {
    let cases = [
        (
            "write to Peter.Chang+bot@anemail.co.uk, please",
            "write to [email removed], please",
        ),
        ("a@b.example and c@d.example", "[email removed] and [email removed]"),
        (
            "https://x.example/?mail=peter%40anemail.com&p=1",
            "https://x.example/?mail=[email removed]&p=1",
        ),
        ("ren\u{e9}@caf\u{e9}.example!", "[email removed]!"),
        ("@handle, 3 @ 4, a@b, 100%", "@handle, 3 @ 4, a@b, 100%"),
    ];
    for (text, clean) in cases {
        assert_eq!(cleaned(text), clean);
        assert_eq!(cleaned(clean), clean, "once is enough");
    }
    let rules = privacy(UserIds::Hashed);
    let id = rules
        .keeper(None)
        .kept(Kind::Id, "cart-peter@anemail.com")
        .unwrap()
        .into_owned();
    assert!(!id.contains("peter") && !id.contains('@'), "{id}");
    assert_eq!(rules.keeper(None).kept(Kind::Id, &id).unwrap(), id);
    let plain = privacy(UserIds::Plain);
    assert_eq!(
        plain.keeper(None).kept(Kind::User, "peter@anemail.com").unwrap(),
        "peter@anemail.com"
    );
}

#[test]
fn a_person_has_one_pseudonym_under_a_key_and_another_under_another() {
    let (one, other) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
    let person = one.of("1254459154682919");
    assert!(is_pseudonym(&person) && person.len() == 34, "{person}");
    assert_eq!(one.of("1254459154682919"), person);
    assert_eq!(one.of(&person), person, "a pseudonym stays what it is");
    assert_ne!(other.of("1254459154682919"), person);
    assert_ne!(one.of("1254459154682918"), person);
    assert!(!is_pseudonym("u_1") && !is_pseudonym(&person.to_uppercase()));
    // HMAC-SHA256 under 32 bytes of 1 over "person", a zero byte and "42", as Python's `hmac` has it.
    assert_eq!(one.of("42"), "u_7df8c5de4de7fa2e2e67e190ba58dd24");
}

#[test]
fn the_person_in_a_conversation_of_messenger_and_telegram_has_the_persons_pseudonym() {
    let rules = privacy(UserIds::Hashed);
    let person = rules.keeper(None).kept(Kind::User, "42").unwrap().into_owned();
    let of = |platform| {
        rules
            .keeper(platform)
            .kept(Kind::Conversation, "page:42")
            .unwrap()
            .into_owned()
    };
    for platform in [Some("messenger"), Some("telegram"), None] {
        assert_eq!(of(platform), format!("page:{person}"));
        assert_eq!(
            rules.keeper(platform).kept(Kind::Conversation, &of(platform)).unwrap(),
            of(platform)
        );
    }
    assert_eq!(of(Some("web")), "page:42");
    assert_eq!(
        rules.keeper(Some("messenger")).kept(Kind::Conversation, "c1").unwrap(),
        "c1"
    );
}

#[test]
fn content_is_compared_by_what_may_be_known_of_it() {
    let content = |more: Value| read(more).unwrap().content;
    let with = |card: &str, user: &str| json!({"user_id": user, "memo": card, "email": card, "plan": 1});
    assert_eq!(
        content(with("4111111111111111", "42")),
        content(with("5555555555554444", "42"))
    );
    assert_ne!(
        content(with("4111111111111111", "42")),
        content(with("4111111111111111", "43"))
    );
    let event = read(with("4111111111111111", "42")).unwrap();
    assert_eq!(
        content(json!({"user_id": event.user_id, "memo": "[card removed]", "plan": 1})),
        event.content
    );
    // A text that is not kept is told from another one all the same.
    assert_ne!(
        content(json!({"user_id": event.user_id, "memo": "anything else", "plan": 1})),
        event.content
    );
    assert_ne!(content(json!({"user_id": event.user_id, "plan": 2})), event.content);
}

#[test]
fn refusals_repeat_nothing_private() {
    let refused = |text: &str| parse(text.as_bytes(), now(), &privacy(UserIds::Hashed)).unwrap_err();
    let twice = r#"{"specversion":"1.0","id":"e","source":"s","type":"bot.registered","data":{"4111111111111111":1,"4111111111111111":2}}"#;
    let mail = twice.replace("4111111111111111", "peter@anemail.com");
    let card = r#"{"specversion":"1.0","id":"4111 1111 1111 1111","source":"s","type":"x"}"#;
    for rejection in [refused(twice), refused(&mail), refused(card)] {
        let told = format!("{rejection} {rejection:?}");
        assert!(!told.contains("1111") && !told.contains("peter"), "{told}");
    }
    assert_eq!(refused(card).field.as_deref(), Some("id"));
}

#[test]
fn a_genuine_delivery_is_never_lost_to_a_card_number() {
    let rules = privacy(UserIds::Hashed);
    let mut event = Event::new("/webhooks/paypal/main", "e1", EventType::TransactionCaptured, now());
    let card = Some("4111-1111-1111-1111".to_owned());
    (event.payment_id, event.conversation_id, event.bot_id) = (card.clone(), card.clone(), card);
    event.extra = Some(r#"{"type":"charge.4111111111111111","email":"a@b.example"}"#.into());
    event.notice = Some("charge.4111111111111111".into());
    let (kept, changed) = rules.protect(event);
    assert!(changed);
    assert!(is_pseudonym(kept.payment_id.as_deref().unwrap()), "{kept:?}");
    assert_eq!((&kept.conversation_id, &kept.bot_id), (&None, &None));
    assert_eq!(kept.extra.as_deref(), Some(r#"{"type":"[card removed]"}"#));
    assert_eq!(kept.notice.as_deref(), Some("[card removed]"));
    let (again, changed) = rules.protect(kept.clone());
    assert!(!changed && again == kept);
}
