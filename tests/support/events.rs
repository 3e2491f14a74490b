//! Builders that speak the domain and end in CloudEvents.

use std::sync::atomic::{AtomicU64, Ordering};

use botledger::model::Event;
use serde_json::{Map, Value, json};

/// An event under construction. Its id is unique in this process unless one is given.
#[derive(Debug, Clone)]
pub struct Draft {
    id: String,
    source: String,
    kind: String,
    time: String,
    data: Map<String, Value>,
}

impl Draft {
    pub fn new(kind: &str, data: Value) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let Value::Object(data) = data else {
            panic!("data is an object")
        };
        Draft {
            id: format!("e{}", NEXT.fetch_add(1, Ordering::Relaxed)),
            source: "/tests".into(),
            kind: kind.into(),
            time: "2016-07-01T12:00:00Z".into(),
            data,
        }
    }

    pub fn at(mut self, time: &str) -> Self {
        self.time = time.into();
        self
    }

    pub fn id(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }

    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.data.insert(field.into(), value.into());
        self
    }

    pub fn json(&self) -> Value {
        json!({
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.kind,
            "time": self.time,
            "data": self.data,
        })
    }

    /// The attributes as the headers of binary mode, and the data as its body.
    pub fn binary(&self) -> (Vec<(String, String)>, Vec<u8>) {
        let attributes = [
            ("ce-specversion", "1.0"),
            ("ce-id", &self.id),
            ("ce-source", &self.source),
            ("ce-type", &self.kind),
            ("ce-time", &self.time),
            ("content-type", "application/json"),
        ];
        let headers = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        (headers.into(), serde_json::to_vec(&self.data).unwrap())
    }
}

/// One event a line.
pub fn lines(events: &[Draft]) -> String {
    events.iter().map(|event| format!("{}\n", event.json())).collect()
}

fn bot(kind: &str, bot: &str) -> Draft {
    Draft::new(kind, json!({"platform": "messenger", "bot_id": bot}))
}

pub fn bot_registered(name: &str) -> Draft {
    bot("bot.registered", name)
}

pub fn conversation(bot_name: &str, conversation: &str) -> Draft {
    bot("conversation.started", bot_name).with("conversation_id", conversation)
}

pub fn checkout(bot_name: &str, conversation: &str, checkout: &str) -> Draft {
    bot("checkout.started", bot_name)
        .with("conversation_id", conversation)
        .with("checkout_id", checkout)
        .with("path", "in_thread")
        .with("credential", "saved")
}

pub fn captured(payment: &str, value: &str, currency: &str) -> Draft {
    let amount = json!({"value": value, "currency": currency});
    let data = json!({"provider": "stripe", "payment_id": payment, "method": "card", "network": "visa"});
    Draft::new("transaction.captured", data).with("amount", amount)
}

/// The type of a notice that is not counted, and why it is quarantined.
pub fn uncounted(event: &Event) -> [Option<&str>; 2] {
    [event.notice.as_deref(), event.reason.as_deref()]
}
