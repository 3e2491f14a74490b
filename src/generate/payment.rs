//! One payment: set up, tried, approved or not, and captured.

use super::aftermath;
use super::draft::Data;
use super::instrument::Instrument;
use super::purchase::Purchase;
use super::stage::Stage;
use crate::model::{EventType, FailureKind};

/// A payment under way.
pub struct Payment<'a> {
    /// Where its events go.
    pub stage: &'a mut Stage,
    /// What is bought.
    pub purchase: Purchase<'a>,
    /// The present moment.
    pub now: i64,
    id: String,
    instrument: Instrument,
    // Some providers number no attempts.
    numbered: bool,
    attempt: u64,
    captured: bool,
}

impl<'a> Payment<'a> {
    /// Plays a payment with all that follows from it; the moment of approval, if there is one.
    pub fn play(stage: &'a mut Stage, purchase: Purchase<'a>) -> Option<i64> {
        let prefix = match purchase.provider {
            "stripe" => "pi_",
            "paypal" => "O-",
            "braintree" => "bt",
            _ => "p",
        };
        let number = stage.next_payment();
        let id = format!("{prefix}{}{number}", stage.tag);
        let numbered = stage.dice.chance(9200);
        let now = purchase.start;
        let instrument = Instrument::choose(&mut stage.dice, &purchase);
        let mut payment = Payment {
            stage,
            purchase,
            now,
            id,
            instrument,
            numbered,
            attempt: 1,
            captured: false,
        };
        payment.emit_initiated();
        let paid_at = if payment.purchase.determined {
            payment.persist()
        } else {
            payment.give_up()
        };
        if paid_at.is_some() {
            payment.settle();
        }
        paid_at
    }

    /// Identity, attempt and instrument: what every fact of a payment carries.
    pub fn data(&self) -> Data {
        let mut data = Data::new()
            .text("provider", self.purchase.provider)
            .text("payment_id", &self.id);
        if self.numbered {
            data = data.id("attempt_id", "a", self.attempt);
        }
        let data = self.instrument.describe(data);
        data.maybe("mode", self.purchase.test.then_some("test"))
    }

    /// Lets a fact of the payment happen now.
    pub fn emit(&mut self, kind: EventType, minor: i64, data: Data) {
        let data = data.amount(minor, self.purchase.currency);
        self.stage.emit(self.purchase.provider, kind, self.now, data);
    }

    /// Lets time pass: between `low` and `high` seconds.
    pub fn wait(&mut self, low: i64, high: i64) {
        self.now = self.stage.after(self.now, low, high);
    }

    fn emit_initiated(&mut self) {
        let mut data = Data::new()
            .text("provider", self.purchase.provider)
            .text("payment_id", &self.id);
        if let Some(refs) = self.purchase.refs {
            data = data.text("platform", refs.platform).text("bot_id", refs.bot);
            data = data
                .text("conversation_id", refs.conversation)
                .maybe("user_id", refs.user);
            data = data.maybe("checkout_id", refs.checkout);
            data = data
                .text("path", refs.path.as_str())
                .text("credential", refs.credential.as_str());
        }
        let data = data.maybe("mode", self.purchase.test.then_some("test"));
        self.emit(EventType::TransactionInitiated, self.purchase.minor, data);
    }

    /// Tries, and tries again after each refusal.
    fn persist(&mut self) -> Option<i64> {
        for attempt in 1..=4 {
            self.attempt = attempt;
            if attempt > 1 {
                self.wait(20, 240);
                if self.stage.dice.chance(4000) {
                    self.instrument = Instrument::choose(&mut self.stage.dice, &self.purchase);
                }
            }
            self.challenge();
            self.wait(2, 12);
            if self.is_approved() {
                self.approve();
                return Some(self.now);
            }
            self.fail(None);
        }
        None
    }

    /// What becomes of a payment whose customer does not really want it.
    fn give_up(&mut self) -> Option<i64> {
        match self.stage.dice.below(10) {
            0..=2 => {
                self.challenge();
                self.wait(600, 1800);
                self.fail(Some(FailureKind::Abandoned));
            }
            3..=5 => {
                self.wait(3, 20);
                self.fail(None);
            }
            6..=7 => {
                self.wait(1800, 86_400);
                let data = self.data();
                self.emit(EventType::TransactionCancelled, self.purchase.minor, data);
            }
            // Left as it is: pending for ever.
            _ => {}
        }
        None
    }

    /// Some cards ask the customer to prove who they are, in Europe more often.
    fn challenge(&mut self) {
        let european = matches!(self.purchase.country, Some("GB" | "DE" | "FR" | "ES" | "IT"));
        if self.instrument.is_card() && self.stage.dice.chance(if european { 2600 } else { 600 }) {
            self.wait(2, 8);
            let data = self.data();
            self.emit(EventType::TransactionRequiresAction, self.purchase.minor, data);
            self.wait(15, 120);
        }
    }

    fn is_approved(&mut self) -> bool {
        let known = if self.purchase.saved { 350 } else { 0 };
        let tired = if self.attempt > 1 { 1800 } else { 0 };
        self.stage.dice.chance(self.instrument.approval() + known - tired)
    }

    fn fail(&mut self, kind: Option<FailureKind>) {
        let dice = &mut self.stage.dice;
        let drawn = [
            (FailureKind::Issuer, 72),
            (FailureKind::Risk, 12),
            (FailureKind::Technical, 10),
            (FailureKind::Abandoned, 6),
        ];
        let kind = kind.or_else(|| dice.pick(&drawn).copied());
        let code = match kind {
            Some(FailureKind::Risk) => dice.word(&[("fraudulent", 6), ("blocked_by_rule", 4)]),
            Some(FailureKind::Technical) => dice.word(&[("processing_error", 8), ("timeout", 2)]),
            Some(FailureKind::Abandoned) => "authentication_abandoned",
            Some(FailureKind::Settlement) => "settlement_declined",
            _ => dice.word(&[
                ("insufficient_funds", 42),
                ("do_not_honor", 30),
                ("expired_card", 16),
                ("incorrect_cvc", 12),
            ]),
        };
        // Some processors pass on the issuer's code without saying whose failure it is.
        let silent = kind == Some(FailureKind::Issuer) && dice.chance(400);
        let word = kind.filter(|_| !silent).map(FailureKind::as_str);
        let data = self.data().text("decline_code", code).maybe("failure_kind", word);
        self.emit(EventType::TransactionFailed, self.purchase.minor, data);
    }

    fn approve(&mut self) {
        let at_once = match self.purchase.provider {
            "stripe" => 7000,
            "braintree" => 0,
            _ => 5000,
        };
        if !self.stage.dice.chance(at_once) {
            let data = self.data();
            self.emit(EventType::TransactionAuthorized, self.purchase.minor, data);
            return;
        }
        self.capture(self.purchase.minor, None);
        self.captured = true;
    }

    /// Takes what is reserved, if it was not taken at once, and what follows from that.
    fn settle(&mut self) {
        if !self.captured {
            if self.stage.dice.chance(250) {
                self.wait(3600, 5 * 86_400);
                let data = self.data();
                self.emit(EventType::TransactionCancelled, self.purchase.minor, data);
                return;
            }
            if self.stage.dice.chance(80) {
                self.wait(3600, 3 * 86_400);
                self.fail(Some(FailureKind::Settlement));
                return;
            }
            self.take();
        }
        aftermath::play(self);
    }

    /// Takes the money in one go or, for goods sent in two parcels, in parts.
    fn take(&mut self) {
        self.wait(600, 2 * 86_400);
        let minor = self.purchase.minor;
        let part = minor * 6 / 10;
        match self.stage.dice.below(100) {
            0..=3 if part > 0 => {
                self.capture(part, Some(1));
                self.wait(86_400, 6 * 86_400);
                // Either a second capture of the rest, or the first one grown to the whole.
                let second = self.stage.dice.chance(5000);
                let (amount, capture) = if second { (minor - part, 2) } else { (minor, 1) };
                self.capture(amount, Some(capture));
            }
            4..=5 if part > 0 => {
                self.purchase.minor = part;
                self.capture(part, Some(1));
            }
            6..=50 => self.capture(minor, Some(1)),
            _ => self.capture(minor, None),
        }
    }

    fn capture(&mut self, minor: i64, number: Option<u64>) {
        let mut data = self.data();
        if let Some(number) = number {
            data = data.id("capture_id", "x", number);
        }
        self.emit(EventType::TransactionCaptured, minor, data);
    }
}
