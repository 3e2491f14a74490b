//! The webhook addresses. The signature is the key: none other is asked for.

use std::collections::BTreeMap;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::delivery::seal;
use super::{Lookup, Refusal, Request, Webhook};
use crate::config::Limits;
use crate::http::Problem;
use crate::http::body::{self, Body};
use crate::http::flight::PER_JSON_BYTE;
use crate::http::parse_time::ParseTime;
use crate::ingest::privacy::Privacy;
use crate::ingest::{IngestState, notes};
use crate::model::{Event, EventType};
use crate::store::AppendOutcome;

/// Seconds until a body must have arrived, from whoever it is: providers send theirs at once.
const SECONDS: u64 = 10;

/// Adds `GET` and `POST /v1/webhooks/{provider}/{source}`.
pub fn configure(config: &mut web::ServiceConfig) {
    let resource = web::resource("/v1/webhooks/{provider}/{source}")
        .route(web::get().to(challenge))
        .route(web::post().to(receive))
        .default_service(web::to(method_not_allowed));
    config.service(resource);
}

/// What became of a delivery, answered only once it is durable.
#[derive(Debug, Default, Serialize)]
struct Receipt {
    accepted: usize,
    duplicates: usize,
    conflicts: usize,
    other: usize,
}

async fn method_not_allowed() -> Result<HttpResponse, Problem> {
    Err(Problem::method_not_allowed("GET, POST"))
}

/// Answers a provider's verification request with the text it asked for.
async fn challenge(
    path: web::Path<(String, String)>,
    query: web::Query<BTreeMap<String, String>>,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let webhook = webhook(&path, &state)?;
    let Some(answer) = webhook.endpoint.challenge(&|name| query.get(name).cloned()) else {
        return Err(Problem::method_not_allowed("POST"));
    };
    let answer = answer.map_err(|refusal| {
        tracing::warn!(source = webhook.address(), %refusal, "webhook verification refused");
        notes::refusal(&state.store, webhook, (state.clock)(), &refusal);
        Problem::forbidden(refusal.to_string())
    })?;
    let plain = (CONTENT_TYPE, "text/plain; charset=utf-8");
    Ok(HttpResponse::Ok()
        .insert_header(plain)
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(answer))
}

/// Verifies, maps and stores a delivery; answers once it is durable.
async fn receive(
    path: web::Path<(String, String)>,
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let webhook = webhook(&path, &state)?;
    let failed = |problem: &Problem| notes::problem(&state.store, &webhook.address(), (state.clock)(), problem);
    let headers = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    let refused = |refusal| {
        tracing::warn!(source = webhook.address(), %refusal, "webhook refused");
        notes::refusal(&state.store, webhook, (state.clock)(), &refusal);
        match refusal {
            Refusal::Unavailable(_) => Problem::unverifiable(refusal.to_string()),
            _ => Problem::forged(refusal.to_string()),
        }
    };
    webhook.endpoint.announced(&headers, (state.clock)()).map_err(refused)?;
    let limits = Limits {
        body_bytes: state.limits.webhook_bytes,
        body_seconds: state.limits.body_seconds.min(SECONDS),
        ..state.limits.clone()
    };
    let body = body::read_raw(payload, &request, &limits, &state.unverified).await;
    let Body {
        bytes: raw_body,
        mut permit,
    } = body.inspect_err(failed)?;
    let now = (state.clock)();
    verify(webhook, &state, &headers, &raw_body, now)
        .await
        .map_err(refused)?;
    permit.work(raw_body.len() * PER_JSON_BYTE).await.inspect_err(failed)?;
    let time = ParseTime::within(state.limits.parse_seconds);
    let events = webhook.events(&raw_body, now);
    let events = protected(events, &state.privacy, &time).inspect_err(failed)?;
    let mut receipt = Receipt {
        other: events.iter().filter(|event| event.kind == EventType::Other).count(),
        ..Receipt::default()
    };
    let noted = notes::Pending::of(&events);
    let mark = webhook.mark(&headers, &raw_body, now);
    let stored = async {
        let queued = state.store.queue(mark, events).await?;
        drop((raw_body, permit));
        queued.durable().await
    };
    let appended = stored.await.map_err(Problem::from).inspect_err(failed)?;
    let appended = appended.ok_or_else(|| refused(Refusal::Replayed))?;
    noted.note(&state.store, &webhook.address(), now, &appended.outcomes, 0);
    for outcome in appended.outcomes {
        match outcome {
            AppendOutcome::Accepted => receipt.accepted += 1,
            AppendOutcome::Duplicate => receipt.duplicates += 1,
            AppendOutcome::Conflict => receipt.conflicts += 1,
        }
    }
    Ok(HttpResponse::Ok().json(receipt))
}

/// What is kept of events, with the digests of that.
fn protected(events: Vec<Event>, privacy: &Privacy, time: &ParseTime) -> Result<Vec<Event>, Problem> {
    let protect = |event| {
        time.check()?;
        let mut event = match privacy.protect(event) {
            (event, true) => seal(event),
            (event, false) => event,
        };
        privacy.bots().settle(&mut event);
        Ok(event)
    };
    events.into_iter().map(protect).collect()
}

/// Checks the signature, with the document that this takes, if any.
async fn verify(
    webhook: &Webhook,
    state: &web::Data<IngestState>,
    headers: &Lookup<'_>,
    raw_body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let evidence = match webhook.endpoint.evidence(headers)? {
        None => None,
        Some(address) => {
            let documents = state.documents.clone();
            let fetched = web::block(move || documents.fetch(&address, now)).await;
            let fetched = fetched.map_err(|error| Refusal::Unavailable(error.to_string()))?;
            Some(fetched.map_err(Refusal::Unavailable)?)
        }
    };
    webhook.endpoint.verify(&Request {
        headers,
        raw_body,
        evidence: evidence.as_deref().map(Vec::as_slice),
        now,
    })
}

/// The configured source of an address.
fn webhook<'a>(path: &(String, String), state: &'a IngestState) -> Result<&'a Webhook, Problem> {
    let (provider, name) = path;
    let mut webhooks = state.webhooks.iter();
    webhooks
        .find(|webhook| webhook.provider == provider && webhook.source.name == *name)
        .ok_or_else(|| {
            notes::unknown_source(&state.store, (state.clock)(), provider, name);
            Problem::unknown_source(provider, name)
        })
}
