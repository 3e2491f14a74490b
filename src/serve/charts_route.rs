//! Charts under their own addresses: `/v1/charts/{metric}.svg` and `.png`.

use std::ops::RangeInclusive;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::question::named;
use super::answer::report::{AnswerError, Report};
use super::charts::{self, Medium, Theme};
use super::gate::Class;
use super::negotiate::take;
use super::routes::{Pairs, Rendering, find, only_read, pairs, respond};
use super::{ServeState, views};
use crate::http::Problem;
use crate::metrics::{Filter, Question};
use crate::model::Mode;

/// Pixels where the question states none.
const SIZE: (u32, u32) = (960, 480);

/// Adds the route.
pub fn configure(cfg: &mut ServiceConfig) {
    let resource = web::resource("/v1/charts/{picture}");
    cfg.service(resource.get(picture).head(picture).default_service(web::to(only_read)));
}

async fn picture(
    request: HttpRequest,
    name: web::Path<String>,
    state: web::Data<ServeState>,
) -> Result<HttpResponse, Problem> {
    let Some((metric, kind)) = name.rsplit_once('.') else {
        return Err(Problem::not_found());
    };
    let (content_type, extension, raster) = match kind {
        "svg" => ("image/svg+xml", "svg", false),
        "png" => ("image/png", "png", true),
        _ => return Err(Problem::not_found()),
    };
    let metric = find(metric)?;
    let mut pairs = pairs(&request)?;
    let look = Look::take(&mut pairs)?;
    let rendering = Rendering {
        class: Class::Chart,
        address: format!("{name} {look:?}"),
        content_type,
        file: Some(("inline", extension)),
        vary: None,
        is_picture: true,
    };
    let render = move |report: &Report| {
        let (view, subtitle) = (views::find(report.metric.name), subtitle(&report.question));
        let medium = Medium::File(look.theme);
        let drawn = view.drawn(report, &subtitle, look.size, medium, |request| match raster {
            true => charts::png(request),
            false => charts::svg(request).map(String::into_bytes),
        });
        drawn.map_err(|error| AnswerError::Render(error.to_string()))
    };
    respond(&request, &state, metric, pairs, rendering, render).await
}

/// How a chart looks: what its question has beside that of an answer.
#[derive(Debug, Clone, Copy)]
struct Look {
    size: (u32, u32),
    theme: Theme,
}

impl Look {
    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let theme = match take(pairs, "theme")? {
            None => Theme::default(),
            Some(word) => Theme::parse(&word).ok_or_else(|| {
                Problem::invalid_parameter("theme", format!("`theme` must be light or dark, not `{word}`"))
            })?,
        };
        Ok(Look {
            size: (
                pixels(pairs, "width", charts::WIDTHS)?.unwrap_or(SIZE.0),
                pixels(pairs, "height", charts::HEIGHTS)?.unwrap_or(SIZE.1),
            ),
            theme,
        })
    }
}

fn pixels(pairs: &mut Pairs, name: &str, allowed: RangeInclusive<u32>) -> Result<Option<u32>, Problem> {
    let Some(text) = take(pairs, name)? else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| allowed.contains(number));
    number.map(Some).ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        let detail = format!("`{name}` must be a number of pixels from {least} to {most}, not `{text}`");
        Problem::invalid_parameter(name, detail)
    })
}

/// What narrows the picture: `platform messenger or web · country not US · test mode`.
fn subtitle(question: &Question) -> String {
    let mut parts: Vec<String> = question.filters.iter().flat_map(narrowed).collect();
    if question.mode == Mode::Test {
        parts.push("test mode".into());
    }
    parts.join(" · ")
}

fn narrowed(filter: &Filter) -> impl Iterator<Item = String> {
    let side = |values: &[Option<String>], word: &str| {
        (!values.is_empty()).then(|| format!("{} {word}{}", filter.dimension, named(values).join(" or ")))
    };
    [side(&filter.any_of, ""), side(&filter.none_of, "not ")]
        .into_iter()
        .flatten()
}
