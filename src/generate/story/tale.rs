//! The script of the story: lives and visits in the order of time.

use super::super::draft::Data;
use super::super::stage::{Script, Stage};
use super::super::talk::{self, ACQUISITIONS, Visit};
use super::super::world::{CATEGORIES, COUNTRIES};
use super::lives::{Lives, Turn};
use super::{DAY, OPENING, customs};
use crate::model::EventType;

const PLATFORM: &str = "messenger";

const FIRST_WORDS: [(&str, u32); 12] = [
    ("Happy", 1),
    ("Swift", 1),
    ("Daily", 1),
    ("Little", 1),
    ("Urban", 1),
    ("Smart", 1),
    ("Bright", 1),
    ("Golden", 1),
    ("Friendly", 1),
    ("Pocket", 1),
    ("Blue", 1),
    ("Local", 1),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scene {
    Turn(Turn),
    Visit,
}

/// Plays lives and visits.
pub struct Tale {
    scenes: Vec<(i64, u32, Scene)>,
    next: usize,
    countries: Vec<&'static str>,
    /// How many people each bot knows.
    users: Vec<u64>,
}

impl Tale {
    /// Puts the scenes in order.
    pub fn new(lives: Lives, visits: Vec<(i64, u32)>) -> Self {
        let turns = lives
            .turns
            .into_iter()
            .map(|(at, bot, turn)| (at, bot, Scene::Turn(turn)));
        let visits = visits.into_iter().map(|(at, bot)| (at, bot, Scene::Visit));
        let mut scenes: Vec<_> = turns.chain(visits).collect();
        scenes.sort_unstable();
        let countries: Vec<_> = lives.bots.iter().map(|bot| bot.country).collect();
        Tale {
            scenes,
            next: 0,
            users: vec![0; countries.len()],
            countries,
        }
    }

    fn turn(&self, stage: &mut Stage, at: i64, bot: u32, turn: Turn) {
        let data = Data::new().text("platform", PLATFORM).id("bot_id", "b", u64::from(bot));
        let (kind, data) = match turn {
            Turn::Registered { payments } => {
                let category = stage.dice.word(&CATEGORIES);
                let name = format!("{} {category}", stage.dice.word(&FIRST_WORDS));
                let data = data.text("name", &name).text("category", category);
                let data = data.text("country", self.countries[bot as usize]);
                let data = data.id("developer_id", "dev", stage.dice.below(u64::from(bot) / 3 + 1));
                (EventType::BotRegistered, data.flag("payments_enabled", payments))
            }
            Turn::Enabled => (EventType::BotUpdated, data.flag("payments_enabled", true)),
            Turn::Renamed => {
                let name = format!("{} bot", stage.dice.word(&FIRST_WORDS));
                (EventType::BotUpdated, data.text("name", &name))
            }
            Turn::Suspended => (EventType::BotSuspended, data),
            Turn::Reinstated => (EventType::BotReinstated, data),
            Turn::Retired => (EventType::BotRetired, data),
        };
        stage.emit(PLATFORM, kind, at, data);
    }

    fn visit(&mut self, stage: &mut Stage, start: i64, bot: u32) {
        let day = ((start - OPENING) / DAY) as usize;
        let users = &mut self.users[bot as usize];
        let returning = *users > 0 && stage.dice.chance(3200);
        let user = if returning { stage.dice.below(*users) } else { *users };
        *users += u64::from(!returning);

        let home = self.countries[bot as usize];
        let country = if stage.dice.chance(800) {
            stage.dice.word(&COUNTRIES)
        } else {
            home
        };
        let Some(currency) = customs::currency(country) else {
            return;
        };
        let path = customs::path(&mut stage.dice, country, day);
        let credential = customs::credential(&mut stage.dice, returning, path);
        let visit = Visit {
            start,
            platform: PLATFORM,
            bot: u64::from(bot),
            user: Some(user),
            // Some conversations do not say: their country is the bot's.
            country: (country != home || stage.dice.chance(7500)).then_some(country),
            acquisition: stage.dice.pick(&ACQUISITIONS).copied().unwrap_or(ACQUISITIONS[0].0),
            currency,
            provider: customs::provider(&mut stage.dice, path, day),
            path,
            credential,
        };
        talk::play(stage, &visit, &customs::habits(country, path, credential, day));
    }
}

impl Script for Tale {
    fn next_at(&self) -> Option<i64> {
        self.scenes.get(self.next).map(|(at, ..)| *at)
    }

    fn play(&mut self, stage: &mut Stage) {
        let Some((at, bot, scene)) = self.scenes.get(self.next).copied() else {
            return;
        };
        self.next += 1;
        match scene {
            Scene::Turn(turn) => self.turn(stage, at, bot, turn),
            Scene::Visit => self.visit(stage, at, bot),
        }
    }
}
