//! The closed vocabularies of the event contract. Each word has one spelling.

/// Declares an enum whose variants each have one fixed spelling.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// How they are spelt, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word of the contract.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// Reads the word of the contract.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// What happened.
    EventType {
        /// A bot enters the population.
        BotRegistered = "bot.registered",
        /// A bot's attributes change.
        BotUpdated = "bot.updated",
        /// A bot is suspended; it stays in the population.
        BotSuspended = "bot.suspended",
        /// A bot comes back, from suspension or retirement.
        BotReinstated = "bot.reinstated",
        /// A bot leaves the population.
        BotRetired = "bot.retired",
        /// A conversation begins.
        ConversationStarted = "conversation.started",
        /// A conversation ends.
        ConversationEnded = "conversation.ended",
        /// One message.
        ConversationMessage = "conversation.message",
        /// The catalogue is shown.
        CatalogViewed = "catalog.viewed",
        /// One product is shown.
        ProductViewed = "product.viewed",
        /// The cart changes.
        CartUpdated = "cart.updated",
        /// The customer sets out to pay.
        CheckoutStarted = "checkout.started",
        /// A payment is set up.
        TransactionInitiated = "transaction.initiated",
        /// The customer must act, for example 3-D Secure.
        TransactionRequiresAction = "transaction.requires_action",
        /// The money is reserved.
        TransactionAuthorized = "transaction.authorized",
        /// The money is taken.
        TransactionCaptured = "transaction.captured",
        /// An attempt fails.
        TransactionFailed = "transaction.failed",
        /// The payment is given up.
        TransactionCancelled = "transaction.cancelled",
        /// The money is taken back by the network or bank.
        TransactionReversed = "transaction.reversed",
        /// Money is given back.
        TransactionRefunded = "transaction.refunded",
        /// The customer disputes the payment.
        TransactionDisputed = "transaction.disputed",
        /// A dispute ends.
        TransactionDisputeClosed = "transaction.dispute_closed",
        /// Genuine, but of a type that is not counted.
        Other = "other",
    }
}

vocabulary! {
    /// How a conversation came about.
    Acquisition { /// An advertisement.
        Ad = "ad", /// A search.
        Search = "search", /// A link.
        Link = "link", /// A scanned code.
        Code = "code", /// None of these.
        Organic = "organic", }
}

vocabulary! {
    /// Direction of a message, seen from the bot.
    Direction { /// From the person.
        In = "in", /// From the bot.
        Out = "out", }
}

vocabulary! {
    /// Where the customer pays.
    CheckoutPath { /// Inside the conversation.
        InThread = "in_thread", /// In a web view over the conversation.
        Webview = "webview", /// On a page outside.
        Redirect = "redirect", }
}

vocabulary! {
    /// Whether a stored credential pays.
    Credential { /// Stored before.
        Saved = "saved", /// Entered now.
        New = "new", }
}

vocabulary! {
    /// Whose failure an attempt was.
    FailureKind { /// The card issuer declined.
        Issuer = "issuer", /// The risk rules declined.
        Risk = "risk", /// Something broke.
        Technical = "technical", /// The customer left.
        Abandoned = "abandoned", /// It failed after approval.
        Settlement = "settlement", }
}

vocabulary! {
    /// How far a dispute has gone.
    DisputeStage { /// A question; no money moves.
        Inquiry = "inquiry", /// The money is claimed back.
        Chargeback = "chargeback", }
}

vocabulary! {
    /// How a dispute ended, seen from the merchant.
    DisputeOutcome { /// The merchant keeps the money.
        Won = "won", /// The customer keeps the money.
        Lost = "lost", }
}

vocabulary! {
    /// Live money or a test.
    Mode { /// Counts.
        Live = "live", /// Counts only where the question says so.
        Test = "test", }
}

impl EventType {
    /// True for the types that move a payment.
    pub fn is_transaction(self) -> bool {
        self.as_str().starts_with("transaction.")
    }

    /// True for the lifecycle of a bot.
    pub fn is_bot(self) -> bool {
        self.as_str().starts_with("bot.")
    }
}
