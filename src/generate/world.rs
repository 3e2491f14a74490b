//! The script of a plan: bots that come and go, and conversations spread over the period.

use super::draft::Data;
use super::pace::Pace;
use super::plan::{Plan, Size};
use super::stage::{Script, Stage};
use super::talk::{self, ACQUISITIONS, Habits, Visit};
use crate::model::money::Currency;
use crate::model::{CheckoutPath, Credential, EventType};

const DAY: i64 = 86_400;

/// Countries of bots and customers, with their weights.
pub const COUNTRIES: [(&str, u32); 14] = [
    ("US", 38),
    ("GB", 10),
    ("DE", 8),
    ("FR", 8),
    ("BR", 7),
    ("IN", 6),
    ("ES", 4),
    ("IT", 4),
    ("MX", 4),
    ("JP", 4),
    ("CA", 3),
    ("AU", 2),
    ("NL", 1),
    ("KW", 1),
];

/// What bots are for, with their weights.
pub const CATEGORIES: [(&str, u32); 8] = [
    ("shopping", 24),
    ("news", 16),
    ("travel", 11),
    ("food", 14),
    ("entertainment", 15),
    ("finance", 5),
    ("support", 10),
    ("fashion", 5),
];

/// Average number of lines of a conversation and of a bot's life, in hundredths; measured with
/// the default plan, and used only to see that there is enough for an exact number of lines.
const LINES_PER_CONVERSATION: u64 = 880;
const LINES_PER_BOT: u64 = 120;

struct Bot {
    platform: &'static str,
    country: Option<&'static str>,
    users: u64,
    /// Out of business from, until.
    gone: (i64, i64),
}

/// Plays a [`Plan`].
pub struct World {
    plan: Plan,
    habits: Habits,
    bots: Vec<Bot>,
    registrations: Pace,
    openings: u64,
    conversations: Pace,
    stars: Option<Currency>,
}

impl World {
    /// The world of a plan, before its first event.
    pub fn new(plan: Plan) -> Self {
        let (from, to) = (plan.from.timestamp_millis(), plan.to.timestamp_millis());
        let conversations = match plan.size {
            Size::Conversations(count) => count,
            Size::Events(lines) => {
                let rest = lines.saturating_sub(plan.bots * LINES_PER_BOT / 100);
                rest.saturating_mul(102) / LINES_PER_CONVERSATION + lines.isqrt() + 1
            }
        };
        // A fifth of the bots is there at the beginning.
        let openings = plan.bots.div_ceil(5);
        let habits = Habits {
            rounds: 2,
            browse: 5000,
            cart: 5000,
            checkout: 7200,
            ends: 7000,
            pays: 6400,
            unattributed: plan.unattributed_share,
            test: plan.test_share,
            wallet: 800,
            bank: 500,
            networks: &[("visa", 50), ("mastercard", 30), ("amex", 13), ("discover", 7)],
        };
        World {
            habits,
            bots: Vec::new(),
            registrations: Pace::new(from, to, plan.bots - openings),
            openings,
            conversations: Pace::new(from, to, conversations),
            stars: Currency::parse("XTR"),
            plan,
        }
    }

    fn registration_at(&self) -> Option<i64> {
        if self.openings > 0 {
            Some(self.plan.from.timestamp_millis())
        } else {
            self.registrations.peek()
        }
    }

    /// One bot's life, from its registration on.
    fn register(&mut self, stage: &mut Stage, at: i64) {
        let platform = stage.dice.word(&self.plan.platforms);
        let country = stage.dice.chance(9500).then(|| stage.dice.word(&COUNTRIES));
        let number = self.bots.len() as u64;
        let life = Life {
            platform,
            id: format!("{}b{number}", stage.tag),
        };
        let mut bot = Bot {
            platform,
            country,
            users: 0,
            gone: (i64::MAX, i64::MAX),
        };
        // A few bots are known only from what others say about them.
        if stage.dice.chance(9900) {
            let data = life
                .data()
                .id("name", "Bot ", number)
                .text("category", stage.dice.word(&CATEGORIES));
            let data = data
                .maybe("country", country)
                .id("developer_id", "dev", stage.dice.below(number / 3 + 1));
            let data = data.flag("payments_enabled", stage.dice.chance(4000));
            stage.emit(platform, EventType::BotRegistered, at, data);
        }
        if stage.dice.chance(2000) {
            let data = life.data().flag("payments_enabled", stage.dice.chance(7500));
            life.emit(stage, EventType::BotUpdated, at, 1, 60, data);
        }
        if stage.dice.chance(400) {
            let suspended = life.emit(stage, EventType::BotSuspended, at, 5, 60, life.data());
            if stage.dice.chance(6000) {
                life.emit(stage, EventType::BotReinstated, suspended, 1, 20, life.data());
            }
        }
        if stage.dice.chance(800) {
            let retired = life.emit(stage, EventType::BotRetired, at, 10, 90, life.data());
            bot.gone.0 = retired;
            if stage.dice.chance(2500) {
                bot.gone.1 = life.emit(stage, EventType::BotReinstated, retired, 2, 30, life.data());
            }
        }
        self.bots.push(bot);
    }

    /// A bot that is in business: the old ones have more customers.
    fn choose_bot(&self, stage: &mut Stage, at: i64) -> Option<usize> {
        let count = self.bots.len() as u64;
        (0..8).find_map(|_| {
            let index = stage.dice.small_below(count) as usize;
            let (gone, back) = self.bots.get(index)?.gone;
            (at < gone || at > back).then_some(index)
        })
    }

    fn converse(&mut self, stage: &mut Stage, start: i64) {
        let Some(index) = self.choose_bot(stage, start) else {
            return;
        };
        let bot = &mut self.bots[index];
        let returning = stage.dice.chance(3500) && bot.users > 0;
        let user = if returning {
            stage.dice.below(bot.users)
        } else {
            bot.users
        };
        bot.users += u64::from(!returning);
        let country = match stage.dice.below(100) {
            0..=14 => None,
            15..=29 => Some(stage.dice.word(&COUNTRIES)),
            _ => bot.country,
        };
        let paths = [
            (CheckoutPath::InThread, 40),
            (CheckoutPath::Webview, 25),
            (CheckoutPath::Redirect, 35),
        ];
        let saved = stage.dice.chance(if returning { 7000 } else { 2500 });
        let dollar = self.plan.currencies[0].0;
        let mut currency = stage.dice.pick(&self.plan.currencies).copied().unwrap_or(dollar);
        let mut provider = stage.dice.pick(&self.plan.providers).map_or("stripe", String::as_str);
        if let Some(stars) = self.stars
            && bot.platform == "telegram"
            && stage.dice.chance(3000)
        {
            (currency, provider) = (stars, "telegram");
        }
        let visit = Visit {
            start,
            platform: bot.platform,
            bot: index as u64,
            user: stage.dice.chance(9700).then_some(user),
            country,
            acquisition: stage.dice.pick(&ACQUISITIONS).copied().unwrap_or(ACQUISITIONS[0].0),
            currency,
            provider,
            path: stage.dice.pick(&paths).copied().unwrap_or(CheckoutPath::Redirect),
            credential: if saved { Credential::Saved } else { Credential::New },
        };
        talk::play(stage, &visit, &self.habits);
    }
}

impl Script for World {
    fn next_at(&self) -> Option<i64> {
        match (self.registration_at(), self.conversations.peek()) {
            (Some(registration), Some(conversation)) => Some(registration.min(conversation)),
            (registration, conversation) => registration.or(conversation),
        }
    }

    fn play(&mut self, stage: &mut Stage) {
        let registration = self.registration_at();
        match (registration, self.conversations.peek()) {
            (Some(at), conversation) if conversation.is_none_or(|conversation| at <= conversation) => {
                if self.openings > 0 {
                    self.openings -= 1;
                } else {
                    self.registrations.advance();
                }
                self.register(stage, at);
            }
            (_, Some(start)) => {
                self.conversations.advance();
                self.converse(stage, start);
            }
            _ => {}
        }
    }
}

/// Who a lifecycle event is about.
struct Life {
    platform: &'static str,
    id: String,
}

impl Life {
    fn data(&self) -> Data {
        Data::new().text("platform", self.platform).text("bot_id", &self.id)
    }

    /// Lets something happen between `low` and `high` days after `since`; says when.
    fn emit(&self, stage: &mut Stage, kind: EventType, since: i64, low: i64, high: i64, data: Data) -> i64 {
        let at = stage.after(since, low * DAY, high * DAY);
        stage.emit(self.platform, kind, at, data);
        at
    }
}
