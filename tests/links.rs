//! Links of webhooks to bots and conversations: of every provider, what a native event takes is taken as it is, words in
//! the contract's spelling, and what it refuses is dropped.

use botledger::config::{Limits, Source, UserIds};
use botledger::ingest::batch::{self, Format};
use botledger::ingest::privacy::Privacy;
use botledger::ingest::webhooks::Webhook;
use botledger::model::Event;
use serde_json::{Value, json};

use crate::support::app::{PRESENT, instant, source, source_with};

/// What of an event is a link, as text.
fn field(event: &Event, name: &str) -> Option<String> {
    match name {
        "platform" => event.platform.clone(),
        "bot_id" => event.bot_id.clone(),
        "conversation_id" => event.conversation_id.clone(),
        "user_id" => event.user_id.clone(),
        "checkout_id" => event.checkout_id.clone(),
        "path" => event.path.map(|path| path.as_str().to_owned()),
        "credential" => event.credential.map(|credential| credential.as_str().to_owned()),
        _ => panic!("{name} is no link"),
    }
}

fn privacy() -> Privacy {
    Privacy::new(&[0x5e; 32], UserIds::Hashed)
}

/// What a native payment keeps of a link; `None` where it is refused.
fn native(name: &str, value: &str) -> Option<String> {
    let mut data = json!({"platform": "web", "provider": "stripe", "payment_id": "p1",
        "amount": {"value": "1.00", "currency": "USD"}});
    data[name] = value.into();
    let event = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "transaction.captured",
        "time": "2016-09-12T09:00:00Z", "data": data});
    let text = event.to_string();
    let limits = Limits::default();
    let judged = batch::judge(
        text.as_bytes(),
        &Format::Structured,
        &limits,
        instant(PRESENT),
        &privacy(),
    );
    field(judged.unwrap().events.first()?, name)
}

/// What a payment of each provider keeps of the same link.
fn of_webhooks(name: &str, value: &str) -> Vec<(&'static str, Option<String>)> {
    let mut links = json!({"platform": "web"});
    links[name] = value.into();
    let text = links.to_string();
    let at = instant(PRESENT).timestamp() - 60;
    let stripe = json!({"id": "evt_1", "object": "event", "type": "charge.succeeded", "created": at, "livemode": true,
        "data": {"object": {"id": "ch_1", "object": "charge", "amount": 100, "captured": true, "currency": "usd",
            "created": at, "metadata": links}}});
    let paypal = json!({"id": "WH-1", "create_time": "2025-11-05T10:00:00Z", "event_type": "PAYMENT.CAPTURE.COMPLETED",
        "resource": {"id": "CAP1", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "1.00"},
            "custom_id": text}});
    // A pre-checkout says only what the invoice does, and an update without links would name its chat.
    let telegram = json!({"update_id": 1, "pre_checkout_query": {"id": "1", "from": {"id": 42}, "currency": "USD",
        "total_amount": 100, "invoice_payload": text}});
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let braintree = format!(
        "<notification><kind>transaction_settled</kind><timestamp type=\"datetime\">2025-09-20T10:00:00Z</timestamp>\
         <subject><transaction><id>t1</id><status>settled</status><type>sale</type><amount>1.00</amount>\
         <currency-iso-code>USD</currency-iso-code><order-id>{escaped}</order-id>\
         <status-history type=\"array\"><status-event><timestamp type=\"datetime\">2025-09-16T12:00:00Z</timestamp>\
         <status>settled</status><amount>1.00</amount></status-event></status-history>\
         </transaction></subject></notification>"
    );
    let braintree = form_urlencoded::Serializer::new(String::new())
        .append_pair("bt_payload", &base64(braintree.as_bytes()))
        .finish();
    let mut of_telegram = source_with("telegram", "secrets = [\"secret\"]\npayment_provider = \"stripe\"");
    of_telegram.bot_id = Some("700".into());
    let settings = "key_pairs = [{ public_key = \"a\", private_key = \"b\" }]";
    let all: [(&'static str, Source, String); 4] = [
        ("stripe", source("stripe", &["secret"]), stripe.to_string()),
        (
            "paypal",
            source_with("paypal", "webhook_ids = [\"8PT597110X687430LKGECATA\"]"),
            paypal.to_string(),
        ),
        ("telegram", of_telegram, telegram.to_string()),
        ("braintree", source_with("braintree", settings), braintree),
    ];
    all.into_iter()
        .map(|(provider, source, body)| {
            let webhook = Webhook::open(&source).unwrap();
            let mut events = webhook.events(body.as_bytes(), instant(PRESENT));
            let event = privacy().protect(events.remove(0)).0;
            (provider, field(&event, name))
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// What a telegram update says of itself, whatever its invoice says.
fn own(provider: &str, name: &str) -> bool {
    provider == "telegram" && ["platform", "bot_id", "conversation_id", "user_id", "path"].contains(&name)
}

#[test]
fn ids_are_taken_and_refused_as_in_native_events() {
    let long = "b".repeat(256);
    let too_long = "b".repeat(257);
    let wide = "\u{fc}".repeat(128);
    let too_wide = "\u{fc}".repeat(129);
    for name in ["bot_id", "conversation_id", "user_id", "checkout_id"] {
        for value in [
            "b1",
            "B-1_x.y:z/4",
            "\u{fc}\u{1f600}",
            " b1 ",
            "ada@example.org",
            &long,
            &too_long,
            &wide,
            &too_wide,
            "",
            "a\u{7}b",
            "a\nb",
            "a\u{7f}b",
            "a\u{9f}b",
            "4111 1111 1111 1111",
        ] {
            let wanted = native(name, value);
            for (provider, kept) in of_webhooks(name, value) {
                if !own(provider, name) {
                    assert_eq!(kept, wanted, "{provider} {name} {value:?}");
                }
            }
        }
    }
}

#[test]
fn words_are_taken_in_any_spelling_and_kept_in_that_of_the_contract() {
    let long = "w".repeat(256);
    let too_long = "w".repeat(257);
    for (name, value, spelled) in [
        ("platform", "messenger", "messenger"),
        ("platform", "Messenger", "messenger"),
        ("platform", " TELEGRAM ", "telegram"),
        ("platform", "Web-Chat 2", "web_chat_2"),
        ("platform", &long, &long),
        ("platform", &too_long, ""),
        ("platform", "m\u{20ac}ssenger", ""),
        ("platform", "\u{212a}ik", ""),
        ("platform", "a.b", ""),
        ("platform", "  ", ""),
        ("platform", "a\tb", ""),
        ("path", "in_thread", "in_thread"),
        ("path", "In-Thread", "in_thread"),
        ("path", "REDIRECT", "redirect"),
        ("path", "by post", ""),
        ("credential", "Saved", "saved"),
        ("credential", "new", "new"),
        ("credential", "borrowed", ""),
    ] {
        let wanted = (!spelled.is_empty()).then(|| spelled.to_owned());
        if let Some(spelled) = &wanted {
            assert_eq!(native(name, spelled), wanted, "a native event has {spelled}");
        }
        for (provider, kept) in of_webhooks(name, value) {
            if !own(provider, name) {
                assert_eq!(kept, wanted, "{provider} {name} {value:?}");
            }
        }
    }
}

#[test]
fn the_words_of_a_source_are_those_of_the_contract() {
    let with = |platform: Option<&str>, bot: Option<&str>| {
        let source = Source {
            platform: platform.map(str::to_owned),
            bot_id: bot.map(str::to_owned),
            ..source("stripe", &["secret"])
        };
        Webhook::open(&source).map(drop).map_err(|error| error.key)
    };
    assert_eq!(with(Some("web_2"), Some("b1")), Ok(()));
    for platform in ["", "Messenger", "a b", &"w".repeat(257)] {
        assert_eq!(with(Some(platform), None), Err("platform".into()), "{platform:?}");
    }
    for bot in ["", "a\u{7}b", &"b".repeat(257)] {
        assert_eq!(with(None, Some(bot)), Err("bot_id".into()), "{bot:?}");
    }
}

#[test]
fn no_text_of_a_provider_is_longer_than_in_a_native_event() {
    let at = instant(PRESENT).timestamp() - 60;
    let refused = |reason: &str| {
        let body = json!({"id": "evt_1", "object": "event", "type": "refund.failed", "created": at, "livemode": true,
            "data": {"object": {"id": "r".repeat(300), "object": "refund", "amount": 100, "currency": "usd",
                "charge": "ch_1", "created": at, "status": "failed", "failure_reason": reason}}});
        let webhook = Webhook::open(&source("stripe", &["secret"])).unwrap();
        let mut events = webhook.events(body.to_string().as_bytes(), instant(PRESENT));
        privacy().protect(events.remove(0)).0
    };
    let event = refused("lost_or_stolen_card");
    assert_eq!(event.decline_code.as_deref(), Some("lost_or_stolen_card"));
    // What the event cannot do without stands under a pseudonym.
    let id = event.refund_id.unwrap();
    assert!(id.starts_with("u_") && id.len() == 34, "{id}");
    for wrong in ["x".repeat(257), "a\u{7}b".to_owned()] {
        assert_eq!(refused(&wrong).decline_code, None);
    }
}

#[test]
fn values_that_are_no_texts_are_no_links() {
    for value in [json!(null), json!(true), json!(["b1"]), json!({"id": "b1"}), json!(1.5)] {
        let at = instant(PRESENT).timestamp() - 60;
        let body: Value = json!({"id": "evt_1", "object": "event", "type": "charge.succeeded", "created": at,
            "livemode": true, "data": {"object": {"id": "ch_1", "object": "charge", "amount": 100, "captured": true,
                "currency": "usd", "created": at, "metadata": {"bot_id": value, "platform": value}}}});
        let webhook = Webhook::open(&source("stripe", &["secret"])).unwrap();
        let event = webhook.events(body.to_string().as_bytes(), instant(PRESENT)).remove(0);
        assert_eq!((event.bot_id, event.platform), (None, None), "{value}");
    }
}
