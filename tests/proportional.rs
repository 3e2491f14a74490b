//! What is sent takes time in proportion to its length, whatever it is: eight times as much of it takes no more than
//! three times eight times as long, where a rule that looks at everything again for each part takes 64 times as long.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use botledger::config::{Limits, UserIds};
use botledger::ingest::batch::{Format, judge};
use botledger::ingest::privacy::Privacy;
use botledger::ingest::segment;
use botledger::ingest::webhooks::Webhook;
use chrono::{DateTime, Utc};

use crate::support::app::{source, source_with};

const LITTLE: usize = 8 << 10;
const TIMES: usize = 8;
/// What cannot be measured.
const SLACK: Duration = Duration::from_millis(1);
/// Comparisons of which one must hold: a machine that does something else meanwhile makes some of them fail, a rule
/// that is not linear all.
const TRIES: usize = 6;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn privacy() -> Privacy {
    Privacy::new(&[7; 32], UserIds::Hashed)
}

/// About so many bytes of one unit again and again.
fn again(unit: &str, bytes: usize) -> String {
    unit.repeat(bytes / unit.len())
}

/// About so many bytes of parts that differ, set apart by commas.
fn parts(bytes: usize, part: impl Fn(usize) -> String) -> String {
    let mut all = String::new();
    for number in 0.. {
        if all.len() >= bytes {
            break;
        }
        all += &format!("{}{}", if number == 0 { "" } else { "," }, part(number));
    }
    all
}

fn nested(depth: usize, inside: &str) -> String {
    format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth))
}

fn time(read: impl Fn()) -> Duration {
    let begun = Instant::now();
    read();
    begun.elapsed()
}

fn assert_proportional(name: &str, make: impl Fn(usize) -> String, read: impl Fn(&str)) {
    let (little, much) = (make(LITTLE), make(TIMES * LITTLE));
    let compare = || {
        let short = time(|| (0..TIMES).for_each(|_| read(&little)));
        (short, time(|| read(&much)))
    };
    let mut tries = Vec::new();
    while tries.len() < TRIES {
        let (short, long) = compare();
        if long <= 3 * short + SLACK {
            return;
        }
        tries.push((short, long));
    }
    panic!("{name}: {TIMES} times a little, and as much at once: {tries:?}");
}

fn limits() -> Limits {
    Limits {
        event_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// Data of an event of a conversation, with more members.
type Data = fn(usize) -> String;

const DATA: [(&str, Data); 22] = [
    ("at-signs", |n| format!(r#""note":"{}""#, again("@", n))),
    ("half addresses", |n| format!(r#""note":"{}""#, again("a@", n))),
    ("escaped at-signs", |n| format!(r#""note":"{}""#, again("%40", n))),
    ("addresses", |n| format!(r#""note":"{}""#, again("a@b.c ", n))),
    ("single digits", |n| format!(r#""note":"{}""#, again("4 ", n))),
    ("words for codes", |n| format!(r#""note":"{}123""#, again("cvv", n))),
    ("an id", |n| format!(r#""checkout_id":"{}""#, again("%40", n))),
    ("an escaped id", |n| format!(r#""user_id":"{}""#, again("\\u0040", n))),
    ("names", |n| parts(n, |i| format!(r#""{i}":1"#))),
    ("misspelt names", |n| parts(n, |i| format!(r#""conversation_i{i}":1"#))),
    ("one name again", |n| parts(n, |_| r#""botId":1"#.into())),
    ("nested names", |n| {
        format!(r#""x":{{{}}}"#, parts(n, |i| format!(r#""user_i{i}":1"#)))
    }),
    ("a long name", |n| format!(r#""conversation_id{}":1"#, again("@", n))),
    ("a name of digits", |n| format!(r#""{}":1"#, again("4 ", n))),
    ("lists in lists", |n| format!(r#""x":{}"#, nested(n / 2, ""))),
    ("deep and wide", |n| {
        format!(r#""x":{}"#, nested(15, &format!("{}1", again("1,", n))))
    }),
    ("lists in a text", |n| format!(r#""x":"{}""#, nested(n / 2, ""))),
    ("a long number", |n| format!(r#""x":{}e-{n}"#, again("4", n))),
    ("a long exponent", |n| format!(r#""x":1e{}"#, again("9", n))),
    ("an amount", |n| {
        format!(r#""amount":{{"value":"{}","currency":"USD"}}"#, again("0", n))
    }),
    ("texts that cannot be read", |n| {
        parts(n, |i| format!(r#""q{i}":"\ud800""#))
    }),
    ("no numbers", |n| format!(r#""q":[{}1]"#, again("NaN,", n))),
];

#[test]
fn an_event() {
    for (name, data) in DATA {
        let event = |n| {
            let place = r#""platform":"web","bot_id":"b","conversation_id":"c""#;
            format!(
                r#"{{"specversion":"1.0","id":"e","source":"s","type":"conversation.started","data":{{{place},{}}}}}"#,
                data(n)
            )
        };
        assert_proportional(name, event, |body| {
            judge(body.as_bytes(), &Format::Structured, &limits(), now(), &privacy()).unwrap();
        });
    }
}

#[test]
fn a_body_of_many_events_or_of_none() {
    let bodies: [(&str, Data); 8] = [
        ("empty events", |n| format!("[{}]", parts(n, |_| "{}".into()))),
        ("brackets", |n| "[".repeat(n)),
        ("quotation marks", |n| format!("[{}", "\"".repeat(n))),
        ("braces", |n| format!("[{}", "{".repeat(n))),
        ("backslashes", |n| format!("[\"{}", "\\".repeat(n))),
        ("blanks", |n| format!("[\"\\ud800\"{}", " ".repeat(n))),
        ("attributes", |n| {
            format!("[{{{}}}]", parts(n, |i| format!(r#""subject{i}":1"#)))
        }),
        ("an activity", |n| {
            let added = parts(n, |_| r#"{"id":"b"}"#.into());
            let data = format!(r#"{{"type":"conversationUpdate","membersAdded":[{added}],"recipient":{{"id":"b"}}}}"#);
            format!(r#"[{{"specversion":"1.0","id":"e","source":"s","type":"bot.activity","data":{data}}}]"#)
        }),
    ];
    for (name, body) in bodies {
        assert_proportional(name, body, |body| {
            drop(judge(body.as_bytes(), &Format::Batch, &limits(), now(), &privacy()));
        });
    }
}

#[test]
fn a_call_of_segment() {
    let calls: [(&str, Data); 4] = [
        ("properties", |n| {
            format!(r#""properties":{{{}}}"#, parts(n, |i| format!(r#""user_i{i}":1"#)))
        }),
        ("context", |n| {
            format!(r#""context":{{{}}}"#, parts(n, |i| format!(r#""platform{i}":1"#)))
        }),
        ("members", |n| parts(n, |i| format!(r#""userI{i}":1"#))),
        ("a name", |n| {
            format!(r#""event":"{}""#, again("conversation started@", n))
        }),
    ];
    for (name, more) in calls {
        let call = |n| {
            let event = if name == "a name" {
                ""
            } else {
                r#""event":"Conversation Started","#
            };
            format!(r#"{{"type":"track","messageId":"m","userId":"u",{event}{}}}"#, more(n))
        };
        assert_proportional(name, call, |body| {
            segment::judge(body.as_bytes(), "/v1/track", &limits(), now(), &privacy()).unwrap();
        });
    }
}

#[test]
fn a_webhook() {
    let hooks: [(&str, &str, Data); 6] = [
        ("stripe", "ids", |n| {
            let id = again("%40a@", n);
            let object = format!(r#"{{"id":"{id}","amount":100,"currency":"usd"}}"#);
            format!(r#"{{"id":"{id}","object":"event","type":"payment_intent.created","data":{{"object":{object}}}}}"#)
        }),
        ("stripe", "numbers", |n| {
            format!(r#"{{"id":"e","x":[{}1]}}"#, again("1.5,", n))
        }),
        ("stripe", "a long number", |n| {
            format!(r#"{{"id":"e","x":{}e-{n}}}"#, again("4", n))
        }),
        ("stripe", "lists", |n| {
            format!(r#"{{"id":"e","x":{}}}"#, nested(n / 2, ""))
        }),
        ("messenger", "updates", |n| {
            let update = |i| format!(r#"{{"sender":{{"id":"{i}"}},"message":{{"mid":"{i}"}}}}"#);
            format!(
                r#"{{"object":"page","entry":[{{"id":"p","messaging":[{}]}}]}}"#,
                parts(n, update)
            )
        }),
        ("telegram", "a payload", |n| {
            let query = format!(r#"{{"from":{{"id":1}},"invoice_payload":"{}"}}"#, again("a=b&", n));
            format!(r#"{{"update_id":1,"pre_checkout_query":{query}}}"#)
        }),
    ];
    for (provider, name, body) in hooks {
        let mut settings = source(provider, &["whsec_1"]);
        settings.bot_id = Some("42".into());
        let webhook = Webhook::open(&settings).unwrap();
        let privacy = privacy();
        assert_proportional(name, body, |body| {
            for event in webhook.events(body.as_bytes(), now()) {
                privacy.protect(event);
            }
        });
    }
}

#[test]
fn a_notification_of_braintree() {
    let xmls: [(&str, Data); 8] = [
        ("attributes", |n| {
            format!("<x{}/>", parts(n, |i| format!("a{i}='' ")).replace(',', " "))
        }),
        ("namespaces", |n| {
            let open = parts(n, |i| format!("<a xmlns:a{i}='{i}'>"));
            format!("{open}{}", "</a>".repeat(open.matches('<').count()))
        }),
        ("deep", |n| format!("{}{}", again("<a>", n / 2), again("</a>", n / 2))),
        ("wide", |n| again("<a/>", n)),
        ("fields of a long history", |n| {
            let (fields, history) = (again("<a/>", n / 3), again("<e><status>settled</status></e>", n / 2));
            format!(
                "<transaction><id>1</id><amount>1.00</amount><custom-fields>{fields}</custom-fields>\
                 <status-history>{history}</status-history></transaction>"
            )
        }),
        ("references", |n| again("&", n)),
        ("sections", |n| again("<![CDATA[a]]>", n)),
        ("half tags", |n| again("<", n)),
    ];
    let keys = "key_pairs = [{ public_key = \"pk\", private_key = \"sk\" }]\ncurrency = \"USD\"";
    let webhook = Webhook::open(&source_with("braintree", keys)).unwrap();
    for (name, subject) in xmls {
        let form = |n| {
            let xml = format!(
                "<notification><kind>check</kind><subject>{}</subject></notification>",
                subject(n)
            );
            let payload = STANDARD.encode(xml);
            form_urlencoded::Serializer::new(String::new())
                .append_pair("bt_payload", &payload)
                .finish()
        };
        assert_proportional(name, form, |body| drop(webhook.events(body.as_bytes(), now())));
    }
}
