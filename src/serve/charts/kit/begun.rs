//! A range that reaches beyond the moment that answers: what has not begun is not drawn, and the picture says so.

use super::dates::last_label;
use crate::model::{Table, TimeRange};
use crate::serve::charts::ChartRequest;

/// What has begun of a range; no table where nothing has.
pub(crate) struct Begun {
    range: TimeRange,
    subtitle: String,
    nothing: Option<Table>,
}

/// What has begun; `None` where all of it has.
pub(crate) fn cut(request: &ChartRequest) -> Option<Begun> {
    let all = &request.range.buckets;
    let begun = all.partition_point(|bucket| bucket.start < request.as_of);
    if begun == all.len() || request.picture.own_axis {
        return None;
    }
    let (range, rest) = match all[..begun].last() {
        Some(last) => {
            let range = TimeRange {
                to: last.end,
                buckets: all[..begun].to_vec(),
                ..request.range.clone()
            };
            let rest = format!("what follows, until {}, has not begun", last_label(request.range));
            (range, rest)
        }
        None => (request.range.clone(), "this range has not begun".to_owned()),
    };
    let parts = [request.subtitle, &rest];
    let subtitle = parts.into_iter().filter(|part| !part.is_empty());
    Some(Begun {
        subtitle: subtitle.collect::<Vec<_>>().join(" \u{b7} "),
        range,
        nothing: (begun == 0).then(Table::default),
    })
}

impl Begun {
    /// The request for what has begun.
    pub fn request<'a>(&'a self, request: &ChartRequest<'a>) -> ChartRequest<'a> {
        ChartRequest {
            range: &self.range,
            subtitle: &self.subtitle,
            table: self.nothing.as_ref().unwrap_or(request.table),
            whole: self.nothing.as_ref().unwrap_or(request.whole),
            ..*request
        }
    }
}
