//! Telegram: what its updates become, who may send them, and payments that another webhook tells of too.

use botledger::config::Source;
use botledger::ingest::webhooks::Webhook;
use botledger::model::{Acquisition, CheckoutPath, Direction, Event, EventType, Mode, TimeOrigin};
use chrono::DateTime;
use serde_json::{Value, json};

use crate::support::app::{PRESENT, TestApp, instant, source, source_with};
use crate::support::client::{Reply, hmac};
use crate::support::events::uncounted;
use crate::support::ledger::Ledger;

const SECRET: &str = "S3cret-token_of-setWebhook";
const HEADER: &str = "x-telegram-bot-api-secret-token";

fn telegram(more: &str) -> Source {
    Source {
        bot_id: Some("700".into()),
        ..source_with(
            "telegram",
            &format!("secrets = [{SECRET:?}, \"the one before\"]\n{more}"),
        )
    }
}

fn by_stripe() -> Source {
    telegram("payment_provider = \"stripe\"")
}

/// Seconds of a minute before the tests' present.
fn minute(minute: i64) -> i64 {
    instant(PRESENT).timestamp() - 3_600 + 60 * minute
}

fn person() -> Value {
    json!({"id": 42, "is_bot": false, "first_name": "Ada", "username": "ada", "language_code": "en"})
}

fn chat() -> Value {
    json!({"id": 42, "type": "private", "first_name": "Ada", "username": "ada"})
}

/// An update with a message from the person in the private chat.
fn message(update: i64, at: i64, content: Value) -> Value {
    let mut message = json!({"message_id": update, "from": person(), "chat": chat(), "date": at});
    message
        .as_object_mut()
        .unwrap()
        .extend(content.as_object().unwrap().clone());
    json!({"update_id": update, "message": message})
}

fn paid(update: i64, currency: &str, total: i64, charge: &str, payload: &str) -> Value {
    let payment = json!({
        "currency": currency, "total_amount": total, "invoice_payload": payload,
        "telegram_payment_charge_id": format!("tg_{update}"), "provider_payment_charge_id": charge,
        "order_info": {"name": "Ada Lovelace", "phone_number": "441234567890", "email": "ada@example.org"},
    });
    message(update, minute(10), json!({"successful_payment": payment}))
}

fn map_from(source: &Source, update: &Value) -> Event {
    let mut events = Webhook::open(source)
        .unwrap()
        .events(update.to_string().as_bytes(), instant(PRESENT));
    assert_eq!(events.len(), 1, "one update, one event");
    events.remove(0)
}

fn map(update: &Value) -> Event {
    map_from(&by_stripe(), update)
}

fn of_conversation(event: &Event, kind: EventType, user: Option<&str>, conversation: &str) {
    assert_eq!(event.kind, kind, "{event:?}");
    assert_eq!(event.platform.as_deref(), Some("telegram"));
    assert_eq!(event.bot_id.as_deref(), Some("700"));
    assert_eq!(event.user_id.as_deref(), user);
    assert_eq!(event.conversation_id.as_deref(), Some(conversation));
}

#[test]
fn what_a_person_says_is_a_message_and_its_words_are_not_kept() {
    for content in [
        json!({"text": "where is my order"}),
        json!({"voice": {"file_id": "f"}}),
        json!({"text": "/started"}),
    ] {
        let event = map(&message(1, minute(0), content));
        of_conversation(&event, EventType::ConversationMessage, Some("42"), "700:42");
        assert_eq!(event.direction, Some(Direction::In));
        assert_eq!((event.id.as_str(), event.time.timestamp()), ("update:1", minute(0)));
        assert_eq!(event.extra, None);
    }
}

#[test]
fn the_start_command_opens_the_conversation_and_its_payload_says_that_a_link_led_here() {
    for (text, acquisition) in [
        ("/start", Acquisition::Organic),
        ("/start spring_sale", Acquisition::Link),
        ("/start@shop_bot spring_sale", Acquisition::Link),
    ] {
        let event = map(&message(1, minute(0), json!({"text": text})));
        of_conversation(&event, EventType::ConversationStarted, Some("42"), "700:42");
        assert_eq!(
            (event.acquisition, event.direction),
            (Some(acquisition), None),
            "{text}"
        );
    }
}

#[test]
fn a_pressed_button_is_said_in_the_chat_of_its_message() {
    let pressed = json!({"update_id": 2, "callback_query": {"id": "q", "from": person(), "data": "buy",
        "message": {"message_id": 1, "date": minute(0), "chat": {"id": -100, "type": "supergroup"}}}});
    let event = map(&pressed);
    of_conversation(&event, EventType::ConversationMessage, Some("42"), "700:-100");
    // The date is that of the bot's message, not of the press.
    assert_eq!((event.time, event.time_origin), (instant(PRESENT), TimeOrigin::Missing));
    let inline = json!({"update_id": 3, "callback_query": {"id": "q", "from": person(), "inline_message_id": "i"}});
    assert_eq!(map(&inline).kind, EventType::Other);
}

#[test]
fn blocking_the_bot_ends_the_conversation_and_adding_it_to_a_group_starts_one() {
    let change = |chat: Value, old: &str, new: &str| {
        let member = |status: &str| json!({"status": status, "user": {"id": 700, "is_bot": true}});
        map(
            &json!({"update_id": 4, "my_chat_member": {"chat": chat, "from": person(), "date": minute(1),
            "old_chat_member": member(old), "new_chat_member": member(new)}}),
        )
    };
    let ended = change(chat(), "member", "kicked");
    of_conversation(&ended, EventType::ConversationEnded, Some("42"), "700:42");
    let group = json!({"id": -5, "type": "group", "title": "Family"});
    let started = change(group.clone(), "left", "administrator");
    of_conversation(&started, EventType::ConversationStarted, Some("42"), "700:-5");
    assert_eq!(change(group, "member", "administrator").kind, EventType::Other);
    assert_eq!(
        change(json!({"id": -6, "type": "channel"}), "left", "administrator").kind,
        EventType::Other
    );
}

#[test]
fn a_pre_checkout_begins_a_checkout_in_the_thread_and_is_no_payment_yet() {
    let query = json!({"update_id": 5, "pre_checkout_query": {"id": "q", "from": person(), "currency": "USD",
        "total_amount": 2962, "invoice_payload": "checkout_id=k1&credential=saved",
        "order_info": {"email": "ada@example.org"}}});
    let event = map(&query);
    of_conversation(&event, EventType::CheckoutStarted, Some("42"), "700:42");
    assert_eq!(event.path, Some(CheckoutPath::InThread));
    assert_eq!(event.checkout_id.as_deref(), Some("k1"));
    assert_eq!(event.credential.map(|word| word.as_str()), Some("saved"));
    assert_eq!(event.amount.unwrap().to_string(), "29.62");
    assert_eq!((event.provider, event.payment_id), (None, None));
    let shipping = json!({"update_id": 6, "shipping_query": {"id": "q", "from": person(), "invoice_payload": "k1",
        "shipping_address": {"country_code": "GB", "city": "London", "street_line1": "1 Strand", "post_code": "N1"}}});
    of_conversation(&map(&shipping), EventType::CartUpdated, Some("42"), "700:42");
}

#[test]
fn a_receipt_within_the_second_of_the_payment_does_not_lie_after_it() {
    let query = json!({"update_id": 5, "pre_checkout_query": {"id": "q", "from": person()}});
    let received = DateTime::from_timestamp_millis(instant(PRESENT).timestamp_millis() + 900).unwrap();
    let events = Webhook::open(&by_stripe())
        .unwrap()
        .events(query.to_string().as_bytes(), received);
    assert_eq!(events[0].time, instant(PRESENT));
}

#[test]
fn a_payment_belongs_to_the_provider_behind_the_token_and_stars_to_telegram() {
    let event = map(&paid(7, "USD", 2962, "ch_1", "checkout_id=k1&path=webview"));
    of_conversation(&event, EventType::TransactionCaptured, Some("42"), "700:42");
    assert_eq!(event.provider.as_deref(), Some("stripe"));
    assert_eq!(event.payment_id.as_deref(), Some("ch_1"));
    assert_eq!((event.attempt_id.as_ref(), event.capture_id.as_ref()), (None, None));
    assert_eq!(
        (event.method.as_ref(), event.network.as_ref()),
        (None, None),
        "Telegram does not say"
    );
    assert_eq!(
        event.path,
        Some(CheckoutPath::Webview),
        "what the invoice says comes first"
    );
    assert_eq!(event.checkout_id.as_deref(), Some("k1"));
    assert_eq!((event.name, event.extra), (None, None));

    let stars = map(&paid(8, "XTR", 350, "", "no link at all"));
    assert_eq!(stars.provider.as_deref(), Some("telegram"));
    assert_eq!(stars.payment_id.as_deref(), Some("tg_8"));
    assert_eq!(
        (stars.method.as_deref(), stars.network.as_deref()),
        (Some("stars"), Some("none"))
    );
    assert_eq!(stars.amount.unwrap().to_string(), "350");

    let unnamed = map_from(&telegram(""), &paid(9, "USD", 100, "p1", ""));
    assert_eq!(
        (unnamed.provider.as_deref(), unnamed.payment_id.as_deref()),
        (Some("unknown"), Some("p1"))
    );
    let of_a_test = Source {
        mode: Some("test".into()),
        ..by_stripe()
    };
    assert_eq!(map_from(&of_a_test, &paid(9, "USD", 100, "p1", "")).mode, Mode::Test);
}

#[test]
fn the_invoice_may_name_the_conversation_in_which_the_bot_sent_it() {
    let event = map(&paid(
        7,
        "USD",
        100,
        "ch_1",
        r#"{"conversation_id": "700:-100", "bot_id": "another"}"#,
    ));
    of_conversation(&event, EventType::TransactionCaptured, Some("42"), "700:-100");
}

#[test]
fn integers_have_telegrams_decimals_and_the_settings_win() {
    let amount = |currency: &str, total: i64| map(&paid(1, currency, total, "ch", "")).amount.unwrap().to_string();
    for (currency, total, told) in [
        ("USD", 145, "1.45"),
        ("JPY", 1_500, "1500"),
        ("ISK", 550, "550"),
        ("UGX", 5_000, "5000"),
        ("CLP", 999, "999"),
        ("HUF", 27_844, "278.44"),
        ("TWD", 3_072, "30.72"),
        ("XTR", 1, "1"),
        ("USD", i64::MAX, "92233720368547758.07"),
    ] {
        assert_eq!(amount(currency, total), told, "{currency}");
    }
    let mut configured = by_stripe();
    configured.decimals.insert("UGX".into(), 2);
    assert_eq!(
        map_from(&configured, &paid(1, "UGX", 5_000, "ch", ""))
            .amount
            .unwrap()
            .to_string(),
        "50"
    );
    let inexact = map_from(&configured, &paid(1, "UGX", 5_050, "ch", ""));
    assert_eq!(
        uncounted(&inexact),
        [Some("message.successful_payment"), Some("inexact_amount")]
    );
}

#[test]
fn a_payment_that_cannot_be_counted_is_kept_with_the_reason() {
    let mut no_charge = paid(1, "USD", 100, "", "");
    let mut no_currency = paid(2, "ZZZ", 100, "ch", "");
    let mut fraction = paid(3, "USD", 100, "ch", "");
    fraction["message"]["successful_payment"]["total_amount"] = json!(29.62);
    let mut negative = paid(4, "USD", -5, "ch", "");
    for (update, reason) in [
        (&mut no_charge, "no_charge_id"),
        (&mut no_currency, "unknown_currency"),
        (&mut fraction, "no_amount"),
        (&mut negative, "no_amount"),
    ] {
        let event = map(update);
        assert_eq!(event.kind, EventType::Other);
        assert_eq!((event.reason.as_deref(), event.extra), (Some(reason), None));
        assert_eq!((event.user_id, event.conversation_id), (None, None), "it names nobody");
    }
}

#[test]
fn everything_else_that_is_genuine_is_kept_by_its_name_alone() {
    let other = |update: Value| {
        let event = map(&update);
        assert_eq!(event.kind, EventType::Other, "{update}");
        assert_eq!((event.reason, event.extra), (None, None), "{update}");
        event.notice.unwrap()
    };
    let edited = json!({"update_id": 1, "edited_message": {"message_id": 1, "date": 1, "text": "private words"}});
    assert_eq!(other(edited), "edited_message");
    assert_eq!(
        other(json!({"update_id": 2, "something_new": {"deep": [[[1]]]}})),
        "something_new"
    );
    let joined = message(3, minute(0), json!({"new_chat_members": [person()]}));
    assert_eq!(other(joined), "message.new_chat_members");
    let mut robot = message(4, minute(0), json!({"text": "beep"}));
    robot["message"]["from"] = json!({"id": 9, "is_bot": true});
    assert_eq!(other(robot), "message.text");
    assert_eq!(other(json!({"update_id": 5, "message": "no object"})), "unnamed");
    assert_eq!(other(json!([])), "unnamed");
    assert_eq!(other(json!({})), "unnamed");
}

#[test]
fn what_the_bot_itself_says_goes_out() {
    let mut own = message(4, minute(0), json!({"text": "/start"}));
    own["message"]["from"] = json!({"id": 700, "is_bot": true});
    let event = map(&own);
    of_conversation(&event, EventType::ConversationMessage, Some("42"), "700:42");
    assert_eq!(event.direction, Some(Direction::Out));
}

#[test]
fn the_bot_is_known_by_its_user_name_too() {
    let named = telegram("user_name = \"Shop_Sample_Bot\"");
    let mut own = message(4, minute(0), json!({"text": "hello"}));
    own["message"]["from"] = json!({"id": 701, "is_bot": true, "username": "shop_sample_bot"});
    assert_eq!(map_from(&named, &own).direction, Some(Direction::Out));
    assert_eq!(map(&own).kind, EventType::Other, "else it is another bot");
    let fault = |name: &str| {
        let source = telegram(&format!("user_name = {name:?}"));
        Webhook::open(&source).unwrap_err().key
    };
    assert_eq!(
        (fault("shop bot"), fault("@")),
        ("user_name".to_owned(), "user_name".to_owned())
    );
}

#[test]
fn a_whole_amount_is_one_in_every_spelling() {
    let amount = |total: &str| {
        let text = paid(5, "USD", 777, "ch_1", "").to_string().replace("777", total);
        let events = Webhook::open(&by_stripe())
            .unwrap()
            .events(text.as_bytes(), instant(PRESENT));
        events[0].amount.map(|money| money.minor)
    };
    assert_eq!(["1000", "1000.0", "1e3", "10E+2"].map(amount), [Some(1000); 4]);
    assert_eq!(["1000.5", "1e300", "1e-1"].map(amount), [None; 3]);
}

/// What Bot Framework, a payment's link and a native event say of the bot that the webhook knows by its number.
fn told_by_name(sources: Vec<Source>) -> Vec<Vec<String>> {
    let mut app = start(sources);
    post(&app, &message(1, minute(0), json!({"text": "/start"})));
    let activity = json!({"type": "message", "channelId": "telegram", "timestamp": "2025-12-31T23:30:00Z",
        "from": {"id": "42"}, "recipient": {"id": "@shop_sample_bot", "name": "Shop"}, "conversation": {"id": "42"}});
    let native = json!({"platform": "telegram", "bot_id": "Shop_Sample_Bot", "conversation_id": "Shop_Sample_Bot:42",
        "user_id": "42", "direction": "in"});
    let event = |id: &str, kind: &str, data: Value| {
        json!({"specversion": "1.0", "id": id, "source": "/bot", "type": kind, "time": "2025-12-31T23:31:00Z",
            "data": data})
    };
    let lines = [
        event("a", "bot.activity", activity),
        event("b", "conversation.message", native),
    ];
    let lines: String = lines.iter().map(|event| format!("{event}\n")).collect();
    let answer: Value = app.client.post_lines(&lines).expect_status(200).json();
    assert_eq!(answer["accepted"], 2, "{answer}");
    app.wait_folded();
    app.stop();
    Ledger::open(&app.config.data_dir).rows("select bot_id, count(*) from events group by all order by all")
}

#[test]
fn a_bot_that_goes_by_its_number_and_by_its_user_name_is_one() {
    let named = telegram("user_name = \"shop_sample_bot\"");
    assert_eq!(told_by_name(vec![named]), [["700", "3"]]);
}

#[test]
fn the_only_bot_of_telegram_is_the_one_that_bot_framework_names() {
    // A native event may be about any bot.
    assert_eq!(
        told_by_name(vec![by_stripe()]),
        [["700", "2"], ["Shop_Sample_Bot", "1"]]
    );
    let another = Source {
        name: "other".into(),
        bot_id: Some("701".into()),
        ..by_stripe()
    };
    let apart = [["700", "1"], ["@shop_sample_bot", "1"], ["Shop_Sample_Bot", "1"]];
    assert_eq!(told_by_name(vec![by_stripe(), another]), apart);
    let other_name = telegram("user_name = \"another_bot\"");
    assert_eq!(told_by_name(vec![other_name]), apart);
}

#[test]
fn a_group_that_becomes_a_supergroup_stays_one_conversation() {
    let in_chat = |update: i64, at: i64, id: i64, content: Value| {
        let mut update = message(update, minute(at), content);
        update["message"]["chat"] = json!({"id": id, "type": if id < -1000 { "supergroup" } else { "group" }});
        update
    };
    let paid = {
        let mut paid = paid(5, "USD", 1_000, "ch_1", "");
        paid["message"]["chat"] = json!({"id": -1005, "type": "supergroup"});
        // Queries have no time of their own: the payment follows at the present.
        paid["message"]["date"] = json!(minute(60));
        paid
    };
    let checkout = json!({"update_id": 4, "pre_checkout_query": {"id": "q", "from": person(), "currency": "USD",
        "total_amount": 1000, "invoice_payload": "conversation_id=700:-1005"}});
    let updates = [
        in_chat(1, 0, -5, json!({"text": "/start@shop_bot"})),
        in_chat(2, 1, -5, json!({"migrate_to_chat_id": -1005})),
        in_chat(3, 1, -1005, json!({"migrate_from_chat_id": -5})),
        checkout,
        paid,
        in_chat(6, 12, -1005, json!({"text": "/start@shop_bot"})),
    ];
    let orders: [[usize; 6]; 3] = [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [4, 0, 5, 2, 3, 1]];
    for order in orders {
        let mut app = start(vec![by_stripe()]);
        for (turn, at) in order.into_iter().enumerate() {
            assert_eq!(post(&app, &updates[at])["accepted"], 1);
            // So that what came first is in the facts before its other name is told.
            if turn % 2 == 1 {
                app.wait_folded();
            }
        }
        app.wait_folded();
        app.stop();
        let ledger = Ledger::open(&app.config.data_dir);
        let talks = "select bot_id, started_at::varchar, paid_at is not null from conversations";
        assert_eq!(
            ledger.rows(talks),
            [["700", "2025-12-31 23:00:00", "true"]],
            "{order:?}"
        );
        let joined = "select count(*) from payments p join conversations c using (conversation_key)";
        assert_eq!(ledger.number(joined), 1, "{order:?}");
        let entered = "select sum(entered), sum(checkout), sum(paid) from conversation_cells";
        assert_eq!(ledger.rows(entered), [["1", "1", "1"]], "{order:?}");
        assert_eq!(ledger.number("select count(*) from events where kind = 'other'"), 2);
    }
}

#[test]
fn no_body_is_too_strange_to_be_kept() {
    let webhook = Webhook::open(&by_stripe()).unwrap();
    let deep = format!(
        "{{\"update_id\":1,\"message\":{}1{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let huge = format!("{{\"update_id\":1{},\"message\":{{}}}}", "0".repeat(400));
    let long = format!(
        "{{\"update_id\":1,\"message\":{{\"text\":\"{}\"}}}}",
        "x".repeat(1 << 20)
    );
    for body in [deep.as_str(), &huge, &long, "", "\u{0}", "no JSON"] {
        let events = webhook.events(body.as_bytes(), instant(PRESENT));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, EventType::Other);
    }
    let bad_date = map(&message(1, -7, json!({"text": "hello"})));
    assert_eq!(bad_date.kind, EventType::ConversationMessage);
    assert_eq!(
        (bad_date.time, bad_date.time_origin),
        (instant(PRESENT), TimeOrigin::Impossible)
    );
}

#[test]
fn a_source_that_names_no_bot_or_no_processor_does_not_open() {
    let fault = |source: Source| Webhook::open(&source).unwrap_err().key;
    assert_eq!(
        fault(Source {
            bot_id: None,
            ..by_stripe()
        }),
        "bot_id"
    );
    assert_eq!(fault(telegram("payment_provider = \"telegram\"")), "payment_provider");
    assert_eq!(fault(telegram("payment_provider = \"Stripe!\"")), "payment_provider");
    assert_eq!(
        fault(Source {
            bot_id: Some("700".into()),
            ..source_with("telegram", "secrets = []")
        }),
        "secrets"
    );
}

fn start(sources: Vec<Source>) -> TestApp {
    TestApp::with(|config| config.sources = sources)
}

fn post(app: &TestApp, update: &Value) -> Value {
    let headers = [("content-type", "application/json"), (HEADER, SECRET)];
    let reply = app
        .client
        .post("/v1/webhooks/telegram/main", &headers, update.to_string().as_bytes());
    reply.expect_status(200).json()
}

#[test]
fn only_who_knows_the_secret_is_heard_and_an_update_counts_once() {
    let mut app = start(vec![by_stripe()]);
    let update = message(1, minute(0), json!({"text": "hello"}));
    let try_with = |headers: &[(&str, &str)]| -> Reply {
        app.client
            .post("/v1/webhooks/telegram/main", headers, update.to_string().as_bytes())
    };
    try_with(&[]).problem(401, "forged");
    try_with(&[(HEADER, "")]).problem(401, "forged");
    try_with(&[(HEADER, "S3cret-token_of-setWebhooK")]).problem(401, "forged");
    try_with(&[(HEADER, "S3cret-token_of-setWebhoo")]).problem(401, "forged");
    assert_eq!(
        try_with(&[(HEADER, "the one before")]).expect_status(200).json()["accepted"],
        1
    );
    assert_eq!(post(&app, &update)["duplicates"], 1);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(ledger.number("select count(*) from events"), 1);
    assert_eq!(
        ledger.number("select count(*) from events t where t::varchar like '%hello%'"),
        0
    );
    assert_eq!(
        ledger.number("select count(*) from events t where t::varchar like '%Ada%'"),
        0
    );
}

#[test]
fn stars_come_in_and_go_back() {
    let mut app = start(vec![telegram("")]);
    post(&app, &message(1, minute(0), json!({"text": "/start"})));
    post(&app, &paid(2, "XTR", 350, "", ""));
    post(&app, &paid(3, "XTR", 25, "", ""));
    let back = |update: i64| {
        message(
            update,
            minute(20),
            json!({"refunded_payment": {"currency": "XTR", "total_amount": 350,
            "invoice_payload": "", "telegram_payment_charge_id": "tg_2"}}),
        )
    };
    post(&app, &back(4));
    // Told under another number, the same refund is no second one.
    post(&app, &back(5));
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let rows = ledger.rows(
        "select payment_id, provider, method, network, currency, captured, refunded, state, bot_id, \
         conversation_key is not null from payments order by payment_id",
    );
    let row = |id, captured, refunded, state| {
        [
            "telegram", "stars", "none", "XTR", captured, refunded, state, "700", "true",
        ]
        .iter()
        .fold(vec![String::from(id)], |mut row, cell: &&str| {
            row.push((*cell).to_owned());
            row
        })
    };
    assert_eq!(
        rows,
        [
            row("tg_2", "350", "350", "refunded"),
            row("tg_3", "25", "0", "captured")
        ]
    );
    assert_eq!(
        ledger.number("select count(distinct conversation_key) from payments"),
        1
    );
}

/// Posts Stripe's own notice of the charge that an intent made.
fn post_charge(app: &TestApp) {
    let charge = json!({"id": "ch_1", "object": "charge", "amount": 2962, "amount_captured": 2962, "amount_refunded": 0,
        "captured": true, "currency": "usd", "livemode": true, "metadata": {}, "paid": true, "payment_intent": "pi_1",
        "status": "succeeded", "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa"}}});
    let event = json!({"id": "evt_1", "object": "event", "created": minute(10), "livemode": true,
        "type": "charge.succeeded", "data": {"object": charge}});
    let (body, now) = (event.to_string(), instant(PRESENT).timestamp());
    let signed = hmac("whsec_1", &[format!("{now}.{body}").as_bytes()]);
    let signature = format!("t={now},v1={signed}");
    let headers = [("stripe-signature", signature.as_str())];
    app.client
        .post("/v1/webhooks/stripe/main", &headers, body.as_bytes())
        .expect_status(200);
}

#[test]
fn telegram_and_stripe_tell_of_one_payment_whichever_comes_first_and_whatever_telegram_calls_it() {
    for (charge, telegram_first) in [("ch_1", true), ("ch_1", false), ("pi_1", true), ("pi_1", false)] {
        let mut app = start(vec![by_stripe(), source("stripe", &["whsec_1"])]);
        if !telegram_first {
            post_charge(&app);
            app.wait_folded();
        }
        post(&app, &message(1, minute(0), json!({"text": "/start"})));
        post(&app, &paid(2, "USD", 2962, charge, ""));
        app.wait_folded();
        if telegram_first {
            post_charge(&app);
            app.wait_folded();
        }
        app.stop();
        let ledger = Ledger::open(&app.config.data_dir);
        let rows = ledger.rows(
            "select p.provider, p.payment_id, p.captured, p.network, p.bot_id, p.path, p.conversation_key = c.conversation_key \
             from payments p, conversations c",
        );
        let told = ["stripe", "pi_1", "2962", "visa", "700", "in_thread", "true"];
        assert_eq!(rows, [told], "{charge}, telegram first: {telegram_first}");
        assert_eq!(ledger.number("select count(*) from payment_attempts"), 1, "one attempt");
    }
}

/// Every order of four things.
fn orders() -> Vec<[usize; 4]> {
    let all = (0..256_usize).map(|n| [n / 64, n / 16 % 4, n / 4 % 4, n % 4]);
    all.filter(|order| (0..4).all(|one| order.contains(&one))).collect()
}

#[test]
fn the_order_in_which_updates_come_and_how_often_changes_nothing() {
    let mut app = start(vec![telegram("")]);
    app.clock
        .set(&DateTime::from_timestamp(minute(9), 0).unwrap().to_rfc3339());
    for (nth, order) in orders().into_iter().enumerate() {
        let of = |update: i64, mut content: Value| {
            let member = content.as_object_mut().unwrap().values_mut().next().unwrap();
            member["from"] = json!({"id": 1_000 + nth, "is_bot": false});
            if member["chat"].is_object() {
                member["chat"] = json!({"id": 1_000 + nth, "type": "private"});
            }
            content["update_id"] = json!(10 * nth as i64 + update);
            content
        };
        let charge = json!({"currency": "XTR", "total_amount": 350, "invoice_payload": "",
            "telegram_payment_charge_id": format!("tg_{nth:02}")});
        let updates = [
            of(1, message(0, minute(0), json!({"text": "/start"}))),
            of(
                2,
                json!({"pre_checkout_query": {"currency": "XTR", "total_amount": 350, "invoice_payload": ""}}),
            ),
            of(3, message(0, minute(10), json!({"successful_payment": charge}))),
            of(4, message(0, minute(20), json!({"refunded_payment": charge}))),
        ];
        for at in order.into_iter().chain([order[0], order[2]]) {
            post(&app, &updates[at]);
        }
    }
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let alike = ledger.rows(
        "select count(*), state, captured, refunded, path, first_capture_at::varchar, first_refund_at::varchar \
         from payments group by all",
    );
    let told = [
        "24",
        "refunded",
        "350",
        "350",
        "in_thread",
        "2025-12-31 23:10:00",
        "2025-12-31 23:20:00",
    ];
    assert_eq!(alike, [told]);
    let checkouts = "select count(*), started_at::varchar, paid_at::varchar from checkouts group by all";
    assert_eq!(
        ledger.rows(checkouts),
        [["24", "2025-12-31 23:09:00", "2025-12-31 23:10:00"]]
    );
    assert_eq!(
        ledger.number("select count(distinct conversation_key) from payments"),
        24
    );
    assert_eq!(ledger.number("select count(*) from events"), 96);
}
