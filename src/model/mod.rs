//! Values that cannot be wrong: events, money, time ranges and the shape of answers.
//!
//! Nothing here knows a database, a web server or the clock.

pub mod annotation;
pub mod answer;
pub mod clock;
pub mod earlier;
pub mod event;
pub mod instant;
pub mod money;
pub mod query;
pub mod rate;
pub mod time;
pub mod vocabulary;

pub use annotation::{Annotation, Scope};
pub use answer::{Column, ColumnType, Role, Table, Value};
pub use clock::Clock;
pub use earlier::Compare;
pub use event::{Event, Ignored, IgnoredField, TimeOrigin};
pub use instant::{InstantError, parse_instant};
pub use money::{Currency, Money};
pub use query::{Param, Params, Query};
pub use rate::{Decimal, Rate};
pub use time::{Bucket, Interval, TimeRange};
pub use vocabulary::*;
