//! The webhook addresses. The signature is the key: none other is asked for.

use std::collections::BTreeMap;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{Provider, find};
use crate::config::Source;
use crate::http::{Problem, body};
use crate::ingest::IngestState;
use crate::model::EventType;
use crate::store::AppendOutcome;

/// Adds `GET` and `POST /v1/webhooks/{provider}/{source}`.
pub fn configure(config: &mut web::ServiceConfig) {
    let resource = web::resource("/v1/webhooks/{provider}/{source}")
        .route(web::get().to(challenge))
        .route(web::post().to(receive))
        .default_service(web::to(method_not_allowed));
    config.service(resource);
}

/// What became of a delivery, told only once it is durable.
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

/// Answers a provider's handshake with the text it asked for.
async fn challenge(
    path: web::Path<(String, String)>,
    query: web::Query<BTreeMap<String, String>>,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let (provider, source) = endpoint(&path, &state)?;
    let Some(challenge) = provider.challenge else {
        return Err(Problem::method_not_allowed("POST"));
    };
    let answer = challenge(source, &|name| query.get(name).cloned()).map_err(|refusal| {
        tracing::warn!(provider = provider.name, source = source.name, %refusal, "webhook handshake refused");
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
    let (provider, source) = endpoint(&path, &state)?;
    let raw_body = body::read_raw(payload, &request, &state.limits).await?;
    let now = (state.clock)();
    let header = |name: &str| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    (provider.verify)(source, &header, &raw_body, now).map_err(|refusal| {
        tracing::warn!(provider = provider.name, source = source.name, %refusal, "webhook refused");
        Problem::forged(refusal.to_string())
    })?;
    let events = (provider.events)(source, &raw_body, now);
    let mut receipt = Receipt {
        other: events.iter().filter(|event| event.kind == EventType::Other).count(),
        ..Receipt::default()
    };
    for outcome in state.store.append(events).await?.outcomes {
        match outcome {
            AppendOutcome::Accepted => receipt.accepted += 1,
            AppendOutcome::Duplicate => receipt.duplicates += 1,
            AppendOutcome::Conflict => receipt.conflicts += 1,
        }
    }
    Ok(HttpResponse::Ok().json(receipt))
}

/// The provider and the configured source of an address.
fn endpoint<'a>(path: &(String, String), state: &'a IngestState) -> Result<(&'static Provider, &'a Source), Problem> {
    let (provider, name) = path;
    let configured = |source: &&Source| source.provider == *provider && source.name == *name;
    find(provider)
        .zip(state.sources.iter().find(configured))
        .ok_or_else(|| Problem::unknown_source(provider, name))
}
