//! What providers write in ways of their own: decimals of currencies, and names of ways to pay.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use botledger::config::{Source, UserIds};
use botledger::ingest::cloudevents::parse;
use botledger::ingest::privacy::Privacy;
use botledger::ingest::webhooks::Webhook;
use botledger::model::Event;
use serde_json::{Value, json};

use crate::support::app::{PRESENT, instant, source, source_with};

fn the_one(source: &Source, body: &str) -> Event {
    let events = Webhook::open(source).unwrap().events(body.as_bytes(), instant(PRESENT));
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    event
}

fn stripe_charge(source: &Source, amount: i64, currency: &str, details: &Value) -> Event {
    let charge = json!({"id": "ch_1", "object": "charge", "amount": amount, "amount_captured": amount, "captured": true,
        "currency": currency.to_lowercase(), "payment_intent": "pi_1", "payment_method_details": details});
    let notice = json!({"id": "evt_1", "object": "event", "type": "charge.succeeded", "data": {"object": charge}});
    the_one(source, &notice.to_string())
}

fn stripe() -> Source {
    source("stripe", &["whsec_1"])
}

fn paypal_capture(amount: &str, currency: &str, payment_source: &Value) -> Event {
    let capture = json!({"id": "CAP1", "status": "COMPLETED", "payment_source": payment_source,
        "amount": {"currency_code": currency, "value": amount}});
    let notice = json!({"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": capture});
    the_one(
        &source_with("paypal", "webhook_ids = [\"8PT597110X687430LKGECATA\"]"),
        &notice.to_string(),
    )
}

fn braintree_sale(instrument: &str) -> Event {
    let pair = "key_pairs = [{ public_key = \"public\", private_key = \"private\" }]";
    let xml = format!(
        "<notification><kind>transaction_settled</kind><subject><transaction><id>t1</id><status>settled</status>\
         <amount>10.00</amount><currency-iso-code>EUR</currency-iso-code>{instrument}</transaction></subject>\
         </notification>"
    );
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("bt_payload", &STANDARD.encode(xml))
        .finish();
    the_one(&source_with("braintree", pair), &form)
}

fn telegram_payment(amount: i64, currency: &str) -> Event {
    let payment = json!({"currency": currency, "total_amount": amount, "invoice_payload": "",
        "telegram_payment_charge_id": "tg_1", "provider_payment_charge_id": "ch_1"});
    let update = json!({"update_id": 1, "message": {"message_id": 1, "chat": {"id": 42, "type": "private"},
        "from": {"id": 42}, "successful_payment": payment}});
    let source = Source {
        bot_id: Some("700".into()),
        ..source_with("telegram", "secrets = [\"a secret token\"]")
    };
    the_one(&source, &update.to_string())
}

fn native(method: &str) -> Event {
    let event = json!({"specversion": "1.0", "id": "e1", "source": "/tests", "type": "transaction.initiated",
        "time": PRESENT, "data": {"provider": "other", "payment_id": "p1", "method": method}});
    let privacy = Privacy::new(&[7; 32], UserIds::Hashed);
    parse(event.to_string().as_bytes(), instant(PRESENT), &privacy).unwrap()
}

/// The amount of an event, else why it is not counted.
fn told(event: &Event) -> String {
    let amount = event.amount.map(|money| money.to_string());
    amount.or_else(|| event.reason.clone()).unwrap_or_default()
}

#[test]
fn stripes_integers_have_the_decimals_of_its_own_list() {
    let card = json!({"type": "card", "card": {"network": "visa"}});
    for (currency, amount, expected) in [
        ("USD", 1_050, "10.50"),
        // No decimals.
        ("BIF", 500, "500"),
        ("CLP", 500, "500"),
        ("DJF", 500, "500"),
        ("GNF", 500, "500"),
        ("JPY", 500, "500"),
        ("KMF", 500, "500"),
        ("KRW", 500, "500"),
        ("MGA", 500, "500.00"),
        ("PYG", 500, "500"),
        ("RWF", 500, "500"),
        ("VND", 500, "500"),
        ("VUV", 500, "500"),
        ("XAF", 500, "500"),
        ("XOF", 500, "500"),
        ("XPF", 500, "500"),
        // Two, which must be 00.
        ("ISK", 500, "5"),
        ("UGX", 380_000, "3800"),
        ("ISK", 550, "inexact_amount"),
        ("UGX", 380_050, "inexact_amount"),
        // Whole in payouts only.
        ("HUF", 1_045, "10.45"),
        ("TWD", 80_045, "800.45"),
        // Thousandths, the last of which Stripe leaves at 0.
        ("BHD", 5_120, "5.120"),
        ("JOD", 5_120, "5.120"),
        ("KWD", 5_124, "5.124"),
        ("OMR", 5_120, "5.120"),
        ("TND", 5_120, "5.120"),
    ] {
        let event = stripe_charge(&stripe(), amount, currency, &card);
        assert_eq!(told(&event), expected, "{amount} {currency}");
    }
    let mut whole = stripe();
    whole.decimals.insert("UGX".into(), 0);
    // Its id tells the reason, so that the same notice counts when it is sent again under the right setting.
    let (before, after) = (stripe(), &whole);
    let ids = [&before, after].map(|source| stripe_charge(source, 3_801, "UGX", &card).id);
    assert_eq!(ids, ["evt_1:inexact_amount", "evt_1"]);
    assert_eq!(
        told(&stripe_charge(&whole, 3_800, "UGX", &card)),
        "3800",
        "the setting wins"
    );
}

#[test]
fn paypals_texts_have_no_decimals_but_zeros_in_three_currencies() {
    for (currency, amount, expected) in [
        ("USD", "10.50", "10.50"),
        ("HUF", "10", "10.00"),
        ("HUF", "10.00", "10.00"),
        ("HUF", "10.50", "inexact_amount"),
        ("JPY", "1500", "1500"),
        ("JPY", "1500.00", "1500"),
        ("JPY", "1500.5", "inexact_amount"),
        ("TWD", "800", "800.00"),
        ("TWD", "800.45", "inexact_amount"),
        ("TND", "5.124", "5.124"),
        ("ISK", "500", "500"),
        ("UGX", "3800", "3800"),
    ] {
        let event = paypal_capture(amount, currency, &Value::Null);
        assert_eq!(told(&event), expected, "{amount} {currency}");
    }
}

#[test]
fn telegrams_integers_have_two_decimals_but_in_its_own_list() {
    for (currency, amount, expected) in [
        ("USD", 1_050, "10.50"),
        ("HUF", 1_050, "10.50"),
        ("TWD", 1_050, "10.50"),
        ("BHD", 5_124, "5.124"),
        ("IQD", 5_124, "5.124"),
        ("CLP", 500, "500"),
        ("ISK", 500, "500"),
        ("JPY", 500, "500"),
        ("KRW", 500, "500"),
        ("PYG", 500, "500"),
        ("UGX", 3_800, "3800"),
        ("VND", 500, "500"),
        ("XTR", 500, "500"),
    ] {
        assert_eq!(
            told(&telegram_payment(amount, currency)),
            expected,
            "{amount} {currency}"
        );
    }
}

/// A way to pay as each provider and other documents spell it.
struct Row {
    name: &'static str,
    stripe: &'static [&'static str],
    paypal: &'static [&'static str],
    braintree: &'static [&'static str],
    native: &'static [&'static str],
}

const fn row(
    name: &'static str,
    stripe: &'static [&'static str],
    paypal: &'static [&'static str],
    braintree: &'static [&'static str],
    native: &'static [&'static str],
) -> Row {
    Row {
        name,
        stripe,
        paypal,
        braintree,
        native,
    }
}

const ROWS: &[Row] = &[
    row(
        "ideal",
        &["ideal"],
        &["ideal"],
        &["ideal", "IDEAL", "iDEAL | Wero"],
        &["ideal_wero"],
    ),
    row(
        "bancontact",
        &["bancontact"],
        &["bancontact"],
        &["BANCONTACT"],
        &["bcmc", "mistercash"],
    ),
    row("blik", &["blik"], &["blik"], &["blik"], &[]),
    row("eps", &["eps"], &["eps"], &["EPS"], &[]),
    row("p24", &["p24"], &["p24"], &["P24"], &["przelewy24"]),
    row("giropay", &["giropay"], &["giropay"], &["giropay"], &[]),
    row("sofort", &["sofort"], &["sofort"], &["sofort"], &["sofortbanking"]),
    row(
        "klarna",
        &["klarna"],
        &["klarna"],
        &["KLARNA", "klarna_pay_now"],
        &["klarna_pay_later", "klarnapaylater"],
    ),
    row("mybank", &[], &["mybank"], &["mybank"], &[]),
    row("trustly", &[], &["trustly"], &["trustly"], &[]),
    row("multibanco", &["multibanco"], &["multibanco"], &["MULTIBANCO"], &[]),
    row("mb_way", &["mb_way"], &["mbway"], &["MBWAY"], &["mbway"]),
    row("pix", &["pix"], &["pix"], &["PIX_INTERNATIONAL"], &[]),
    row(
        "boleto",
        &["boleto"],
        &["boletobancario"],
        &["boletobancario"],
        &["boleto_bancario"],
    ),
    row("oxxo", &["oxxo"], &["oxxo"], &["OXXO_PAY"], &[]),
    row("upi", &["upi"], &[], &[], &["upi_intent"]),
    row("cashapp", &["cashapp"], &[], &[], &["cash_app", "cash_app_pay"]),
    row("link", &["link"], &[], &[], &[]),
    row("alipay", &["alipay"], &["alipay"], &["ALIPAY"], &[]),
    row(
        "wechat_pay",
        &["wechat_pay", "wechat"],
        &["wechatpay"],
        &["WECHAT_PAY"],
        &["wechatpay"],
    ),
    row(
        "afterpay_clearpay",
        &["afterpay_clearpay"],
        &["afterpay"],
        &[],
        &["clearpay"],
    ),
    row("affirm", &["affirm"], &[], &[], &[]),
    row("twint", &["twint"], &["twint"], &["TWINT"], &[]),
    row("swish", &["swish"], &["swish"], &["swish"], &[]),
    row("mobilepay", &["mobilepay"], &[], &[], &["mobile_pay"]),
    row("vipps", &["vipps"], &[], &["VIPPS"], &[]),
    row("satispay", &["satispay"], &["satispay"], &["satispay"], &[]),
    row("paysafecard", &[], &["paysafecard"], &[], &["paysafe_card"]),
    row(
        "pay_upon_invoice",
        &[],
        &["pay_upon_invoice"],
        &["PAY_UPON_INVOICE"],
        &[],
    ),
    row(
        "paypal",
        &["paypal"],
        &["paypal"],
        &[],
        &["paypal_account", "paypal_pay_later"],
    ),
    row("venmo", &[], &["venmo"], &[], &["venmo_account"]),
    // Debits and transfers of a bank account are one, whatever the scheme.
    row(
        "bank",
        &[
            "sepa_debit",
            "us_bank_account",
            "ach_debit",
            "acss_debit",
            "bacs_debit",
            "au_becs_debit",
            "customer_balance",
        ],
        &["bank", "sepa"],
        &["SEPA"],
        &["ach", "sepa_debit", "sepa_direct_debit", "bank_transfer"],
    ),
    // What is not known here keeps its own name.
    row("new_pay", &["new-pay"], &["new_pay"], &["New Pay"], &["new_pay"]),
];

#[test]
fn a_way_to_pay_has_one_name_whoever_processes_it() {
    let local = |spelled: &str| {
        format!(
            "<payment-instrument-type>local_payment</payment-instrument-type>\
             <local-payment><funding-source>{spelled}</funding-source></local-payment>"
        )
    };
    for row in ROWS {
        let stripe = row.stripe.iter().map(|spelled| {
            let details = json!({"type": spelled, *spelled: {"bank": "rabobank"}});
            stripe_charge(&stripe(), 1_000, "EUR", &details)
        });
        let paypal = row
            .paypal
            .iter()
            .map(|spelled| paypal_capture("10.00", "EUR", &json!({*spelled: {"country_code": "NL"}})));
        let braintree = row.braintree.iter().map(|spelled| braintree_sale(&local(spelled)));
        for event in stripe.chain(paypal).chain(braintree) {
            assert_eq!(event.method.as_deref(), Some(row.name), "{event:?}");
            assert_eq!(event.network.as_deref(), Some("none"), "{event:?}");
        }
        for spelled in [row.name].iter().chain(row.native) {
            assert_eq!(native(spelled).method.as_deref(), Some(row.name), "{spelled}");
        }
    }
}

#[test]
fn accounts_of_banks_and_wallets_are_no_ways_of_braintrees_own() {
    for (kind, name) in [
        ("us_bank_account", "bank"),
        ("sepa_debit_account", "bank"),
        ("paypal_account", "paypal"),
        ("venmo_account", "venmo"),
    ] {
        let sale = braintree_sale(&format!("<payment-instrument-type>{kind}</payment-instrument-type>"));
        assert_eq!(sale.method.as_deref(), Some(name), "{kind}");
    }
}

#[test]
fn a_name_that_two_senders_spell_differently_makes_no_conflict() {
    assert_eq!(native("przelewy24").content, native("p24").content);
    assert_ne!(native("p24").content, native("blik").content);
}
