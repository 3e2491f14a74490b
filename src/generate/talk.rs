//! One conversation: from the first word over the catalogue to the checkout.

use super::draft::Data;
use super::payment::Payment;
use super::purchase::{Purchase, Refs};
use super::stage::Stage;
use crate::model::money::Currency;
use crate::model::{Acquisition, CheckoutPath, Credential, EventType};

/// How customers behave, in parts of ten thousand.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Most rounds of small talk at a time.
    pub rounds: u64,
    /// Look at the catalogue.
    pub browse: u32,
    /// Of these, fill a cart.
    pub cart: u32,
    /// Of these, set out to pay.
    pub checkout: u32,
    /// Say goodbye, so that an end is seen.
    pub ends: u32,
    /// Of those who set out to pay, mean it and try until it works.
    pub pays: u32,
    /// Of the payments, name no bot and no conversation.
    pub unattributed: u32,
    /// Of the checkouts, in test mode.
    pub test: u32,
    /// Of the card payments, through a wallet.
    pub wallet: u32,
    /// Of the payments through a card processor, by bank.
    pub bank: u32,
    /// Card networks and their weights.
    pub networks: &'static [(&'static str, u32)],
}

/// Who talks to which bot, when, and how they would pay.
pub struct Visit<'a> {
    /// When it begins, in milliseconds since 1970.
    pub start: i64,
    /// Where.
    pub platform: &'static str,
    /// The bot's number.
    pub bot: u64,
    /// The person's number among those of the bot.
    pub user: Option<u64>,
    /// Where the person is, if known.
    pub country: Option<&'static str>,
    /// How the person came.
    pub acquisition: Acquisition,
    /// What they pay with.
    pub currency: Currency,
    /// Who processes it.
    pub provider: &'a str,
    /// Where they pay.
    pub path: CheckoutPath,
    /// Whether a stored credential pays.
    pub credential: Credential,
}

/// Words for how people come, with their weights.
pub const ACQUISITIONS: [(Acquisition, u32); 5] = [
    (Acquisition::Ad, 34),
    (Acquisition::Search, 18),
    (Acquisition::Link, 26),
    (Acquisition::Code, 7),
    (Acquisition::Organic, 15),
];

/// Plays a whole conversation onto the stage.
pub fn play(stage: &mut Stage, visit: &Visit, habits: &Habits) {
    let number = stage.next_conversation();
    let mut talk = Talk {
        bot: format!("{}b{}", stage.tag, visit.bot),
        conversation: format!("{}c{number}", stage.tag),
        user: visit.user.map(|user| format!("u{user}")),
        now: visit.start,
        stage,
        visit,
        habits,
    };
    talk.begin();
    talk.chat();
    if talk.stage.dice.chance(habits.browse) {
        talk.browse();
    }
    talk.end();
}

struct Talk<'a> {
    stage: &'a mut Stage,
    visit: &'a Visit<'a>,
    habits: &'a Habits,
    bot: String,
    conversation: String,
    user: Option<String>,
    now: i64,
}

impl Talk<'_> {
    fn data(&self) -> Data {
        let data = Data::new()
            .text("platform", self.visit.platform)
            .text("bot_id", &self.bot);
        data.text("conversation_id", &self.conversation)
    }

    fn emit(&mut self, kind: EventType, data: Data) {
        self.stage.emit(self.visit.platform, kind, self.now, data);
    }

    fn wait(&mut self, low: i64, high: i64) {
        self.now = self.stage.after(self.now, low, high);
    }

    fn begin(&mut self) {
        let data = self
            .data()
            .maybe("user_id", self.user.as_deref())
            .maybe("country", self.visit.country);
        self.emit(
            EventType::ConversationStarted,
            data.text("acquisition", self.visit.acquisition.as_str()),
        );
    }

    fn say(&mut self, direction: &str) {
        let data = self.data().text("direction", direction);
        self.emit(EventType::ConversationMessage, data);
    }

    /// A few rounds of question and answer.
    fn chat(&mut self) {
        for _ in 0..=self.stage.dice.below(self.habits.rounds) {
            self.wait(4, 50);
            self.say("in");
            self.wait(1, 4);
            self.say("out");
            if self.stage.dice.chance(2000) {
                self.wait(1, 3);
                self.say("out");
            }
        }
    }

    fn browse(&mut self) {
        self.wait(2, 30);
        let data = self.data();
        self.emit(EventType::CatalogViewed, data);
        let mut item = self.stage.dice.below(40);
        for _ in 0..self.stage.dice.below(4) {
            self.wait(5, 60);
            item = self.stage.dice.below(40);
            let data = self.data().id("item_id", "i", item);
            self.emit(EventType::ProductViewed, data);
        }
        self.chat();
        if !self.stage.dice.chance(self.habits.cart) {
            return;
        }
        self.wait(5, 60);
        let items = 1 + self.stage.dice.below(3);
        let data = self.data().id("item_id", "i", item).number("item_count", items);
        self.emit(EventType::CartUpdated, data);
        if self.stage.dice.chance(self.habits.checkout) {
            self.pay(items);
        }
    }

    fn pay(&mut self, items: u64) {
        let minor = self.price(items);
        let test = self.stage.dice.chance(self.habits.test);
        self.wait(5, 90);
        let number = self.stage.next_payment();
        let checkout = format!("{}k{number}", self.stage.tag);
        let visit = self.visit;
        let data = self
            .data()
            .maybe("user_id", self.user.as_deref())
            .text("checkout_id", &checkout);
        let data = data
            .text("path", visit.path.as_str())
            .text("credential", visit.credential.as_str());
        let data = data.amount(minor, visit.currency).maybe("mode", test.then_some("test"));
        self.emit(EventType::CheckoutStarted, data);

        let determined = self.stage.dice.chance(self.habits.pays);
        // Half of those who do not mean it leave before a payment is even set up.
        if !determined && self.stage.dice.chance(4500) {
            return;
        }
        self.wait(5, 120);
        let refs = Refs {
            platform: visit.platform,
            bot: &self.bot,
            conversation: &self.conversation,
            user: self.user.as_deref(),
            // Some integrations lose the checkout: it is then the conversation's latest.
            checkout: self.stage.dice.chance(9000).then_some(checkout.as_str()),
            path: visit.path,
            credential: visit.credential,
        };
        let attributed = !self.stage.dice.chance(self.habits.unattributed);
        let purchase = Purchase {
            start: self.now,
            refs: attributed.then_some(refs),
            provider: visit.provider,
            country: visit.country,
            currency: visit.currency,
            minor,
            saved: visit.credential == Credential::Saved,
            determined,
            test,
            habits: self.habits,
        };
        let paid_at = Payment::play(self.stage, purchase);
        if let Some(paid_at) = paid_at {
            self.now = paid_at;
            self.wait(1, 5);
            self.say("out");
        }
    }

    /// The sum to pay in minor units: many small ones, few large ones.
    fn price(&mut self, items: u64) -> i64 {
        let dice = &mut self.stage.dice;
        let bound = dice.below(600) + 1;
        let cents = 399 + 50 * dice.small_below(bound) * items;
        let per_hundred_dollars = match self.visit.currency.code() {
            "EUR" => 90,
            "GBP" => 76,
            "JPY" => 10_300,
            "KWD" => 30,
            "XTR" => 7_700,
            _ => 100,
        };
        let scaled = u128::from(cents) * per_hundred_dollars * 10u128.pow(self.visit.currency.exponent());
        i64::try_from(scaled / 10_000).unwrap_or(1).max(1)
    }

    fn end(&mut self) {
        if self.stage.dice.chance(self.habits.ends) {
            self.wait(20, 900);
            let data = self.data();
            self.emit(EventType::ConversationEnded, data);
        }
    }
}
