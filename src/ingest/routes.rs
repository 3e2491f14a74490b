//! `POST /v1/events`: CloudEvents in every mode, checked one by one, acknowledged when they are durable.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::batch::{self, Format, Judged};
use super::cloudevents::{self, decode_header, is_json};
use super::json::Text;
use super::notes;
use super::privacy::Privacy;
use super::rejection::Rejection;
use super::room;
use super::segment;
use super::webhooks::documents::Documents;
use super::webhooks::{self, Webhook};
use crate::config::Limits;
use crate::http::Problem;
use crate::http::auth::Guard;
use crate::http::body::{self, Body};
use crate::http::flight::{Flight, PER_WAITING_EVENT, Permit};
use crate::model::{Clock, EventType, Ignored, IgnoredField};
use crate::store::{AppendOutcome, Store};

/// Bodies from this size on are parsed away from the workers.
const HEAVY: usize = 32 << 10;

/// Media types of one event a line.
const LINES: [&str; 5] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonl",
    "application/jsonlines",
];

/// What the ingest routes need; application data.
#[derive(Clone)]
pub struct IngestState {
    /// Where events go.
    pub store: Store,
    /// The present moment.
    pub clock: Clock,
    /// Bounds on bodies, batches and events.
    pub limits: Limits,
    /// The part of the budget of bytes in flight for bodies that arrive.
    pub arriving: Arc<Flight>,
    /// The part of it for bodies of webhooks whose signature is not checked yet.
    pub unverified: Arc<Flight>,
    /// The configured webhooks.
    pub webhooks: Arc<Vec<Webhook>>,
    /// Documents that verifying them takes.
    pub documents: Arc<Documents>,
    /// What of an event is kept.
    pub privacy: Privacy,
    /// The names of the metrics, which an annotation may be about.
    pub metrics: Vec<&'static str>,
}

/// Registers the routes; they need a [`web::Data`] of [`IngestState`].
pub fn configure(cfg: &mut ServiceConfig) {
    let refuse = || async { Err::<HttpResponse, _>(Problem::method_not_allowed("POST")) };
    cfg.service(
        web::resource("/v1/events")
            .route(web::post().to(receive))
            .default_service(web::to(refuse)),
    );
    cfg.service(
        web::resource(segment::ADDRESSES)
            .route(web::post().to(receive_calls))
            .default_service(web::to(refuse)),
    );
    super::fx_route::configure(cfg);
    super::annotations_route::configure(cfg);
    webhooks::routes::configure(cfg);
}

/// The answer to a batch.
#[derive(Serialize)]
struct Answer<'a> {
    /// What Segment's clients look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    /// Of the events handed to the store, those whose type is not counted: most of what such clients send.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<usize>,
    accepted: usize,
    duplicates: usize,
    conflicts: usize,
    rejected: Vec<Rejected<'a>>,
    conflicting: Vec<Conflicting<'a>>,
    ignored: Vec<Beside<'a>>,
    /// How many more fields were ignored.
    #[serde(skip_serializing_if = "is_zero")]
    ignored_others: u64,
    /// The stamp of the commit; null if nothing was handed to the store.
    received_at: Option<String>,
}

#[derive(Serialize)]
struct Rejected<'a> {
    index: usize,
    id: Option<&'a str>,
    code: &'static str,
    field: Option<&'a str>,
    message: &'a str,
}

#[derive(Serialize)]
struct Conflicting<'a> {
    index: usize,
    id: &'a str,
}

/// A field that nothing reads.
#[derive(Serialize)]
struct Beside<'a> {
    index: usize,
    id: &'a str,
    field: &'a str,
    did_you_mean: Option<&'a str>,
    message: String,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Ignored fields that one answer lists.
const LISTED: usize = 1000;

/// The address, under which what comes in here is counted.
const ADDRESS: &str = "/v1/events";

async fn receive(
    req: HttpRequest,
    payload: web::Payload,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let answered = take(&req, payload, &state).await;
    answered.inspect_err(|problem| notes::problem(&state.store, ADDRESS, (state.clock)(), problem))
}

async fn take(req: &HttpRequest, payload: web::Payload, state: &IngestState) -> Result<HttpResponse, Problem> {
    let format = format_of(req.headers())?;
    let body = read(payload, req, state).await?;
    let (limits, now, privacy) = (state.limits.clone(), (state.clock)(), state.privacy.clone());
    let is_heavy = body.bytes.len() >= HEAVY;
    let judge = move || {
        room::judged(body, |room, bytes| {
            batch::judge_within(room, bytes, &format, &limits, now, &privacy)
        })
    };
    let judged = if is_heavy { web::block(judge).await?? } else { judge()? };
    answer(&state.store, ADDRESS, judged, now).await
}

/// Reads a body of events, with room for the events that a body of its size usually holds.
async fn read(payload: web::Payload, req: &HttpRequest, state: &IngestState) -> Result<Body, Problem> {
    let work = |bytes: usize| room::usual(bytes, &state.limits);
    body::read(payload, req, &state.limits, &state.arriving, work).await
}

async fn receive_calls(
    req: HttpRequest,
    payload: web::Payload,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let answered = take_calls(&req, payload, &state).await;
    answered.inspect_err(|problem| notes::problem(&state.store, segment::ADDRESS, (state.clock)(), problem))
}

async fn take_calls(req: &HttpRequest, payload: web::Payload, state: &IngestState) -> Result<HttpResponse, Problem> {
    check_calls(req)?;
    let body = read(payload, req, state).await?;
    let (limits, now, privacy) = (state.limits.clone(), (state.clock)(), state.privacy.clone());
    let asked = req.path().to_owned();
    let judge = move || {
        room::judged(body, |room, bytes| {
            segment::judge_within(room, bytes, &asked, &limits, now, &privacy)
        })
    };
    let judged = web::block(judge).await??;
    answer(&state.store, segment::ADDRESS, judged, now).await
}

/// Refuses a call that a page of any site could make a browser send without asking here first: one that is said to be
/// no JSON. Where nothing is said, the browser's `Origin` tells.
///
/// Segment's library for browsers sends `text/plain`, from an origin that has to be configured; that of Kotlin too,
/// packed, which no page can without asking.
fn check_calls(req: &HttpRequest) -> Result<(), Problem> {
    let headers = req.headers();
    let Some(stated) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let stated = stated.to_str().unwrap_or_default();
    let plain = stated.split(';').next().unwrap_or_default().trim();
    let trusted = || {
        req.app_data::<web::Data<Guard>>()
            .is_some_and(|guard| guard.trusts(headers))
    };
    if is_json(stated)
        || plain.eq_ignore_ascii_case("text/plain") && (headers.contains_key(header::CONTENT_ENCODING) || trusted())
    {
        return Ok(());
    }
    Err(Problem::unsupported_media_type(
        "send the calls as application/json; text/plain is accepted only from pages of the origins in `[cors] origins`",
    ))
}

/// Hands the accepted events to the store as one group and answers what became of each.
async fn answer(
    store: &Store,
    address: &'static str,
    (judged, mut permit): (Judged, Permit),
    now: DateTime<Utc>,
) -> Result<HttpResponse, Problem> {
    let Judged {
        mut events,
        places,
        rejected,
        single,
    } = judged;
    let ids: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
    let ignored: Vec<Ignored> = events
        .iter_mut()
        .map(|event| std::mem::take(&mut event.ignored))
        .collect();
    let noted = notes::Pending::of(&events);
    let calls = address == segment::ADDRESS;
    let other = events.iter().filter(|event| event.kind == EventType::Other).count();
    let (outcomes, received_at) = if events.is_empty() {
        (Vec::new(), None)
    } else {
        let queued = store.queue(None, events).await?;
        permit.shrink_to((ids.len() + rejected.len()) * PER_WAITING_EVENT);
        let appended = queued.durable().await?;
        appended.map_or((Vec::new(), None), |appended| {
            (appended.outcomes, Some(appended.received_at))
        })
    };
    notes::rejections(store, address, now, &rejected);
    noted.note(store, address, now, &outcomes, rejected.len());
    if let ([(_, rejection)], true) = (rejected.as_slice(), single) {
        let told = serde_json::json!([tell(0, rejection)]);
        let detail = rejection.to_string();
        return Ok(Problem::rejected(rejection.field.as_deref(), detail, told).error_response());
    }
    notes::ignored(store, address, &outcomes, &ignored);
    let beside: Vec<Beside<'_>> = places
        .iter()
        .zip(&ids)
        .zip(&ignored)
        .flat_map(|((index, id), ignored)| ignored.fields.iter().map(|field| passed_over(*index, id, field)))
        .take(LISTED)
        .collect();
    let all: u64 = ignored.iter().map(|one| one.fields.len() as u64 + one.others).sum();
    let count = |wanted: AppendOutcome| outcomes.iter().filter(|&&outcome| outcome == wanted).count();
    let conflicting = outcomes
        .iter()
        .enumerate()
        .filter(|(_, outcome)| **outcome == AppendOutcome::Conflict);
    let answer = Answer {
        success: calls.then_some(true),
        other: calls.then_some(other),
        accepted: count(AppendOutcome::Accepted),
        duplicates: count(AppendOutcome::Duplicate),
        conflicts: count(AppendOutcome::Conflict),
        rejected: rejected
            .iter()
            .map(|(index, rejection)| tell(*index, rejection))
            .collect(),
        conflicting: conflicting
            .map(|(at, _)| Conflicting {
                index: places[at],
                id: &ids[at],
            })
            .collect(),
        ignored_others: all - beside.len() as u64,
        ignored: beside,
        received_at: received_at.map(stamp),
    };
    Ok(HttpResponse::Ok().json(answer))
}

fn tell(index: usize, rejection: &Rejection) -> Rejected<'_> {
    Rejected {
        index,
        id: rejection.id.as_deref(),
        code: rejection.code.as_str(),
        field: rejection.field.as_deref(),
        message: &rejection.message,
    }
}

fn passed_over<'a>(index: usize, id: &'a str, ignored: &'a IgnoredField) -> Beside<'a> {
    let meant = ignored.meant.as_deref();
    let hint = meant.map(|meant| format!("; did you mean `{meant}`?"));
    Beside {
        index,
        id,
        field: &ignored.field,
        did_you_mean: meant,
        message: format!("is not read{}", hint.unwrap_or_default()),
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Chooses the CloudEvents mode by Content-Type, then by the presence of `ce-specversion`.
fn format_of(headers: &HeaderMap) -> Result<Format, Problem> {
    let content_type = match headers.get(header::CONTENT_TYPE) {
        None => "",
        Some(value) => value
            .to_str()
            .map_err(|_| Problem::unsupported_media_type("Content-Type is not readable"))?,
    };
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| {
        part.strip_prefix("charset=")
            .map(|name| name.trim_matches('"').to_owned())
    });
    if charset.is_some_and(|name| !matches!(name.as_str(), "utf-8" | "utf8" | "us-ascii")) {
        return Err(Problem::unsupported_media_type("the charset must be utf-8"));
    }
    match essence.as_str() {
        "application/cloudevents+json" => Ok(Format::Structured),
        "application/cloudevents-batch+json" => Ok(Format::Batch),
        other if LINES.contains(&other) => Ok(Format::Lines),
        other if other.starts_with("application/cloudevents") => Err(Problem::unsupported_media_type(
            "the accepted CloudEvents formats are application/cloudevents+json and application/cloudevents-batch+json",
        )),
        other if headers.contains_key("ce-specversion") => {
            if !other.is_empty() && !is_json(other) {
                return Err(Problem::unsupported_media_type(
                    "the data of an event must be application/json",
                ));
            }
            binary(headers)
        }
        "application/json" | "text/json" => Ok(Format::Json),
        _ => Err(Problem::unsupported_media_type(
            "send one event or an array of them as application/json, one a line as application/x-ndjson, or the data of \
             one in binary mode: application/json with ce-specversion, ce-id, ce-source and ce-type headers",
        )),
    }
}

/// Reads the attributes of binary mode.
fn binary(headers: &HeaderMap) -> Result<Format, Problem> {
    if headers.contains_key("ce-datacontenttype") {
        return Err(Problem::unparseable(
            "in binary mode, Content-Type takes the place of ce-datacontenttype; leave that header out",
        ));
    }
    let read = |name: &str| match headers.get(name) {
        None => Ok(Text::Absent),
        Some(value) => match decode_header(value.as_bytes()) {
            Some(text) => Ok(Text::Given(text.into())),
            None => Err(Problem::unparseable(format!(
                "the header {name} does not decode to UTF-8"
            ))),
        },
    };
    Ok(Format::Binary(Box::new(batch::Attributes {
        specversion: read("ce-specversion")?,
        id: read("ce-id")?,
        source: read("ce-source")?,
        kind: read("ce-type")?,
        subject: read("ce-subject")?,
        time: read("ce-time")?,
        ignored: beside(headers),
    })))
}

/// Attributes among the headers that are neither read nor extensions.
fn beside(headers: &HeaderMap) -> Ignored {
    let mut ignored = Ignored::default();
    for name in headers.keys().filter_map(|name| name.as_str().strip_prefix("ce-")) {
        if !cloudevents::ATTRIBUTES.contains(&name)
            && let Some(told) = cloudevents::beside(name)
        {
            ignored.add(IgnoredField {
                field: format!("ce-{}", told.field),
                ..told
            });
        }
    }
    ignored
}
