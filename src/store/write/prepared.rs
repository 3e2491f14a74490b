//! Events made ready for the writer on the caller's thread: one Arrow batch and the identities.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use super::identity::Identity;
use crate::model::Event;
use crate::model::event::entity_key;
use crate::store::StoreError;

/// A bulk load of many commits, such as an import: none of its events changes figures that were shown while it lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkLoad {
    /// Stamp of the last commit before it began, in microseconds; 0 where there was none.
    pub(super) shown: i64,
}

/// Events and the like, and the bytes that they take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Size {
    pub events: usize,
    pub bytes: usize,
}

impl Size {
    /// Of values with little behind them.
    pub fn of<T>(values: &[T]) -> Self {
        Size {
            events: values.len(),
            bytes: size_of_val(values),
        }
    }
}

/// Events as one batch in the order of the columns of `events`, without the stamp of receipt.
pub struct Prepared {
    pub(super) batch: RecordBatch,
    pub(super) identities: Vec<Identity>,
    /// When the events happened, in microseconds.
    pub(super) times: Vec<i64>,
    /// Bytes of all of it.
    bytes: usize,
    /// Whether nothing of the group may be taken where its first event is in conflict.
    pub(super) marked: bool,
    /// The bulk load that the group is a part of.
    pub(super) load: Option<BulkLoad>,
}

impl Prepared {
    /// Number of events.
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Number of events, and the bytes that they take.
    pub(super) fn size(&self) -> Size {
        Size {
            events: self.len(),
            bytes: self.bytes,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Builds the batch and computes identities and entity keys.
    ///
    /// # Errors
    /// Only when Arrow refuses the columns, which the schema rules out.
    pub fn new(events: &[Event]) -> Result<Self, StoreError> {
        let identities = events
            .iter()
            .map(|event| {
                let (high, low) = event.identity();
                Identity {
                    high,
                    low,
                    content: event.content,
                    former: event.former.unwrap_or(event.content),
                }
            })
            .collect();
        let times = events.iter().map(|event| event.time.timestamp_micros()).collect();
        let mut columns = Columns {
            events,
            fields: Vec::new(),
            arrays: Vec::new(),
        };
        columns.envelope();
        columns.entities();
        columns.details();
        columns.payment();
        columns.aliases();
        columns.returns();
        columns.uncounted();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(columns.fields)), columns.arrays)?;
        let each = size_of::<Identity>() + size_of::<i64>();
        Ok(Prepared {
            bytes: batch.get_array_memory_size() + events.len() * each,
            batch,
            identities,
            times,
            marked: false,
            load: None,
        })
    }
}

/// Builds columns one after the other, in the order of the table.
struct Columns<'a> {
    events: &'a [Event],
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, name: &str, array: ArrayRef) {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
    }

    fn text(&mut self, name: &str, get: impl Fn(&'a Event) -> Option<&'a str>) {
        let mut builder = StringBuilder::with_capacity(self.events.len(), self.events.len() * 8);
        self.events.iter().for_each(|event| builder.append_option(get(event)));
        self.push(name, Arc::new(builder.finish()));
    }

    fn int(&mut self, name: &str, get: impl Fn(&'a Event) -> Option<i64>) {
        let values: Int64Array = self.events.iter().map(get).collect();
        self.push(name, Arc::new(values));
    }

    fn boolean(&mut self, name: &str, get: impl Fn(&'a Event) -> Option<bool>) {
        let values: BooleanArray = self.events.iter().map(get).collect();
        self.push(name, Arc::new(values));
    }

    fn envelope(&mut self) {
        self.text("source", |e| Some(&e.source));
        self.text("id", |e| Some(&e.id));
        self.text("kind", |e| Some(e.kind.as_str()));
        self.text("subject", |e| e.subject.as_deref());
        let times: Vec<i64> = self.events.iter().map(|e| e.time.timestamp_micros()).collect();
        self.push("time", Arc::new(TimestampMicrosecondArray::from(times)));
        self.text("time_origin", |e| Some(e.time_origin.as_str()));
    }

    fn entities(&mut self) {
        self.text("platform", |e| e.platform.as_deref());
        self.text("bot_id", |e| e.bot_id.as_deref());
        self.int("bot_key", |e| {
            Some(entity_key(&["bot", e.platform.as_deref()?, e.bot_id.as_deref()?]))
        });
        self.text("conversation_id", |e| e.conversation_id.as_deref());
        self.int("conversation_key", |e| {
            Some(entity_key(&[
                "conversation",
                e.platform.as_deref()?,
                e.conversation_id.as_deref()?,
            ]))
        });
        self.text("user_id", |e| e.user_id.as_deref());
        self.int("user_key", |e| {
            Some(entity_key(&[
                "user",
                e.platform.as_deref()?,
                e.bot_id.as_deref()?,
                e.user_id.as_deref()?,
            ]))
        });
    }

    fn details(&mut self) {
        self.text("country", |e| e.country.as_deref());
        self.text("name", |e| e.name.as_deref());
        self.text("category", |e| e.category.as_deref());
        self.text("developer_id", |e| e.developer_id.as_deref());
        self.boolean("payments_enabled", |e| e.payments_enabled);
        self.text("acquisition", |e| e.acquisition.map(|w| w.as_str()));
        self.text("direction", |e| e.direction.map(|w| w.as_str()));
        self.text("item_id", |e| e.item_id.as_deref());
        self.int("item_count", |e| e.item_count);
        self.text("checkout_id", |e| e.checkout_id.as_deref());
        self.text("path", |e| e.path.map(|w| w.as_str()));
        self.text("credential", |e| e.credential.map(|w| w.as_str()));
    }

    fn payment(&mut self) {
        self.text("provider", |e| e.provider.as_deref());
        self.text("payment_id", |e| e.payment_id.as_deref());
        self.int("payment_key", |e| {
            Some(entity_key(&[
                "payment",
                e.provider.as_deref()?,
                e.payment_id.as_deref()?,
            ]))
        });
        self.text("attempt_id", |e| e.attempt_id.as_deref());
        self.text("capture_id", |e| e.capture_id.as_deref());
        self.text("refund_id", |e| e.refund_id.as_deref());
        self.text("dispute_id", |e| e.dispute_id.as_deref());
        self.text("method", |e| e.method.as_deref());
        self.text("network", |e| e.network.as_deref());
        self.text("brand", |e| e.brand.as_deref());
        self.text("wallet", |e| e.wallet.as_deref());
        self.int("minor", |e| Some(e.amount?.minor));
        self.text("currency", |e| Some(e.amount.as_ref()?.currency.code()));
        let exponent = |e: &Event| i32::try_from(e.amount?.currency.exponent()).ok();
        let exponents: Int32Array = self.events.iter().map(exponent).collect();
        self.push("exponent", Arc::new(exponents));
        self.boolean("cumulative", |e| Some(e.cumulative));
        self.text("decline_code", |e| e.decline_code.as_deref());
        self.text("failure_kind", |e| e.failure_kind.map(|w| w.as_str()));
        self.text("stage", |e| e.stage.map(|w| w.as_str()));
        self.text("outcome", |e| e.outcome.map(|w| w.as_str()));
        self.text("mode", |e| Some(e.mode.as_str()));
        self.text("extra", |e| e.extra.as_deref());
    }

    /// Most events have none: then the lists are null and cost next to nothing.
    fn aliases(&mut self) {
        let mut names = ListBuilder::new(StringBuilder::new());
        let mut keys = ListBuilder::new(Int64Builder::new());
        for event in self.events {
            let (entity, within) = match &event.provider {
                Some(provider) => ("payment", Some(provider)),
                None => ("conversation", event.platform.as_ref()),
            };
            let within = within.filter(|_| !event.aliases.is_empty());
            for alias in within.map_or(&[][..], |_| &event.aliases) {
                names.values().append_value(alias);
                keys.values()
                    .append_value(entity_key(&[entity, within.map_or("", |within| within), alias]));
            }
            names.append(within.is_some());
            keys.append(within.is_some());
        }
        self.push("aliases", Arc::new(names.finish()));
        self.push("alias_keys", Arc::new(keys.finish()));
    }

    /// What only some refunds and captures tell.
    fn returns(&mut self) {
        self.boolean("pending", |e| e.pending.then_some(true));
        self.int("released", |e| e.released);
    }

    /// What only notices that are not counted have.
    fn uncounted(&mut self) {
        self.text("notice", |e| e.notice.as_deref());
        self.text("reason", |e| e.reason.as_deref());
    }
}

/// The batch with the stamp of receipt as its first column.
pub(super) fn stamped(batch: &RecordBatch, stamp: i64) -> Result<RecordBatch, StoreError> {
    let stamps: ArrayRef = Arc::new(TimestampMicrosecondArray::from_value(stamp, batch.num_rows()));
    let mut fields = vec![Field::new(
        "received_at",
        DataType::Timestamp(TimeUnit::Microsecond, None),
        false,
    )];
    fields.extend(batch.schema().fields().iter().map(|field| field.as_ref().clone()));
    let columns = std::iter::once(stamps).chain(batch.columns().iter().cloned()).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
