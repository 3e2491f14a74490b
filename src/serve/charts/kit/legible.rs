//! A request in characters that the embedded fonts have, for pictures that are made with these alone.

use super::fonts::legible;
use crate::model::{Annotation, Table, Value};
use crate::serve::charts::ChartRequest;

/// The texts of a request in which a character had to be written by its number.
pub(crate) struct Legible {
    title: String,
    subtitle: String,
    table: Table,
    annotations: Vec<Annotation>,
}

impl Legible {
    /// The texts in other characters; `None` where the fonts have all of them.
    pub fn of(request: &ChartRequest) -> Option<Self> {
        let cells = request.table.rows.iter().flatten().filter_map(Value::as_str);
        let marked = request.annotations.iter().map(|annotation| annotation.text.as_str());
        let mut texts = cells.chain(marked).chain([request.title, request.subtitle]);
        if texts.all(|text| legible(text) == text) {
            return None;
        }
        let told = "characters that no font here has stand as U+ and their number; the SVG shows them with yours";
        let narrowed = legible(request.subtitle);
        let subtitle = [narrowed.as_ref(), told].into_iter();
        let cell = |value: &Value| match value {
            Value::Text(text) => Value::Text(legible(text).into_owned()),
            other => other.clone(),
        };
        let rows = request.table.rows.iter();
        let annotation = |one: &Annotation| Annotation {
            text: legible(&one.text).into_owned(),
            ..one.clone()
        };
        Some(Legible {
            title: legible(request.title).into_owned(),
            subtitle: subtitle
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" \u{b7} "),
            table: Table {
                columns: request.table.columns.clone(),
                rows: rows.map(|row| row.iter().map(cell).collect()).collect(),
            },
            annotations: request.annotations.iter().map(annotation).collect(),
        })
    }

    /// The request with these texts.
    pub fn request<'a>(&'a self, request: &ChartRequest<'a>) -> ChartRequest<'a> {
        ChartRequest {
            title: &self.title,
            subtitle: &self.subtitle,
            table: &self.table,
            annotations: &self.annotations,
            ..*request
        }
    }
}
