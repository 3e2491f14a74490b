//! The list of metrics and their answers.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::report::{AnswerError, Report, answer_asked};
use super::answer::{definitions, question};
use super::formats::{Format, json};
use super::gate::Class;
use super::negotiate::{file_name, tag, take};
use super::{ServeState, views};
use crate::http::Problem;
use crate::http::preferences::Known;
use crate::metrics::{self, MOST_VALUES, Metric};

/// The pairs of a query string, decoded, in their order.
pub type Pairs = Vec<(String, String)>;

/// Adds the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/v1/metrics")
            .get(list)
            .head(list)
            .default_service(web::to(only_read)),
    );
    cfg.service(
        web::resource("/v1/metrics/{metric}")
            .get(metric)
            .head(metric)
            .default_service(web::to(only_read)),
    );
}

/// The answer to a method that changes something, where there is only something to read.
///
/// # Errors
/// Always: the problem `method_not_allowed`.
pub async fn only_read() -> Result<HttpResponse, Problem> {
    Err(Problem::method_not_allowed("GET, HEAD"))
}

/// Decodes the query string.
///
/// # Errors
/// When it is no list of pairs.
pub fn pairs(request: &HttpRequest) -> Result<Pairs, Problem> {
    let query = web::Query::<Pairs>::from_query(request.query_string());
    query
        .map(web::Query::into_inner)
        .map_err(|error| Problem::invalid_parameter("query", error.to_string()))
}

/// Finds a metric.
///
/// # Errors
/// When there is none of this name.
pub fn find(name: &str) -> Result<&'static Metric, Problem> {
    metrics::find(name).ok_or_else(|| Problem::unknown_metric(name))
}

async fn list(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    let body = json::catalogue(&definitions::all(&state.defaults())?);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .json(body))
}

async fn metric(
    request: HttpRequest,
    name: web::Path<String>,
    state: web::Data<ServeState>,
) -> Result<HttpResponse, Problem> {
    let metric = find(&name)?;
    let mut pairs = pairs(&request)?;
    let format = Format::choose(&request, &mut pairs)?;
    let marked = mark(&mut pairs, format)?;
    let rendering = Rendering {
        class: Class::Metric,
        address: format!("{name}.{} {marked}", format.name),
        content_type: format.content_type,
        file: format.is_saved.then_some(("attachment", format.name)),
        vary: Some("Accept"),
        is_picture: false,
    };
    let render = move |report: &Report| (format.write)(report, marked);
    respond(&request, &state, metric, pairs, rendering, render).await
}

/// Takes `bom`, which sets a byte order mark before CSV.
fn mark(pairs: &mut Pairs, format: &Format) -> Result<bool, Problem> {
    match take(pairs, "bom")?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") if format.takes_mark => Ok(true),
        Some("true") => Err(Problem::invalid_parameter(
            "bom",
            "`bom=true` is for CSV; ask with `format=csv`",
        )),
        Some(other) => Err(Problem::invalid_parameter(
            "bom",
            format!("`bom` must be true or false, not `{other}`"),
        )),
    }
}

/// How an answer is shown.
pub struct Rendering {
    /// The line that it waits in.
    pub class: Class,
    /// Everything besides the question that the bytes depend on.
    pub address: String,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// How the answer is shown or saved, and the extension of its file's name; `None` where it is not meant for that.
    pub file: Option<(&'static str, &'static str)>,
    /// The header that the choice of the format depends on.
    pub vary: Option<&'static str>,
    /// Whether it is a picture: it has room for some values only, and may tell of the whole range.
    pub is_picture: bool,
}

/// Answers a question in any rendering; with 304 where the asker has the answer already.
///
/// # Errors
/// When the question is wrong, or the answer cannot be had within the limits.
pub async fn respond<F>(
    request: &HttpRequest,
    state: &ServeState,
    metric: &'static Metric,
    pairs: Pairs,
    rendering: Rendering,
    render: F,
) -> Result<HttpResponse, Problem>
where
    F: FnOnce(&Report) -> Result<Vec<u8>, AnswerError> + Send + 'static,
{
    let mut asked = question::parse(metric, &pairs, &state.defaults())?;
    // What two periods leave out is not the same and cannot be compared.
    asked.question.most_values = (rendering.is_picture && asked.compare.is_none()).then_some(MOST_VALUES);
    asked.question.whole = rendering.is_picture && views::find(metric.name).whole;
    let known = Known::of(request.headers());
    let (store, rows) = (state.store.clone(), state.config.limits.answer_rows);
    let disposition = rendering.file.map(|(shown, extension)| {
        let name = file_name(metric, &asked, extension);
        format!("{shown}; filename=\"{name}\"")
    });
    let address = rendering.address;
    let (class, as_of) = (rendering.class, asked.question.as_of);
    let work = move |deadline| -> Result<_, AnswerError> {
        let store = store.within(deadline);
        let version = store.version_at(asked.question.as_of)?;
        let tag = tag(&address, &pairs, &asked, &version);
        if known.holds(tag.tag()) {
            return Ok((tag, None));
        }
        let report = answer_asked(&store, metric, &asked, rows)?;
        store.check()?;
        Ok((tag, Some(render(&report)?)))
    };
    let (tag, body) = state.answer(class, as_of, work).await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if let Some(name) = rendering.vary {
        response.insert_header((header::VARY, name));
    }
    let Some(body) = body else {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    };
    response.insert_header((header::CONTENT_TYPE, rendering.content_type));
    if let Some(disposition) = disposition {
        response.insert_header((header::CONTENT_DISPOSITION, disposition));
    }
    Ok(response.body(body))
}
