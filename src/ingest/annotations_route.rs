//! `/v1/annotations`: marking moments, listing what is marked, taking a mark back.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::cloudevents::is_json;
use super::{IngestState, annotations};
use crate::http::Problem;
use crate::http::body::{self, Body};
use crate::model::Annotation;
use crate::store::{About, Annotated, Note};

/// Registers the routes; they need a [`web::Data`] of [`IngestState`].
pub fn configure(cfg: &mut ServiceConfig) {
    let listing = || async { Err::<HttpResponse, _>(Problem::method_not_allowed("GET, HEAD, POST")) };
    cfg.service(
        web::resource("/v1/annotations")
            .get(list)
            .head(list)
            .post(receive)
            .default_service(web::to(listing)),
    );
    let one = || async { Err::<HttpResponse, _>(Problem::method_not_allowed("DELETE")) };
    cfg.service(
        web::resource("/v1/annotations/{id}")
            .delete(retract)
            .default_service(web::to(one)),
    );
}

#[derive(Serialize)]
struct Answer {
    id: String,
    /// False where nothing changed.
    changed: bool,
    /// The stamp of the commit; null where nothing changed.
    received_at: Option<String>,
}

impl Answer {
    fn of(id: String, done: &Annotated) -> HttpResponse {
        HttpResponse::Ok().json(Answer {
            id,
            changed: done.changed > 0,
            received_at: done
                .received_at
                .map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        })
    }
}

async fn receive(
    req: HttpRequest,
    payload: web::Payload,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let stated = req.headers().get(header::CONTENT_TYPE);
    if !stated.and_then(|value| value.to_str().ok()).is_some_and(is_json) {
        return Err(Problem::unsupported_media_type(
            "send the annotation as application/json",
        ));
    }
    let Body { bytes, permit: _held } =
        body::read(payload, &req, &state.limits, &state.arriving, |bytes| bytes).await?;
    let is_metric = |name: &str| state.metrics.contains(&name);
    let annotation = annotations::parse(&bytes, &state.privacy, is_metric)
        .map_err(|error| Problem::invalid_annotation(error.field, error.to_string()))?;
    let id = annotation.id();
    let done = state.store.annotate(vec![Note::Add(annotation)]).await?;
    Ok(Answer::of(id, &done))
}

async fn retract(id: web::Path<String>, state: web::Data<IngestState>) -> Result<HttpResponse, Problem> {
    let id = id.into_inner();
    let done = state.store.annotate(vec![Note::Retract(id.clone())]).await?;
    if done.unknown > 0 {
        return Err(Problem::unknown_annotation());
    }
    Ok(Answer::of(id, &done))
}

#[derive(Serialize)]
struct Listed {
    id: String,
    time: String,
    text: String,
    scope: ListedScope,
}

#[derive(Serialize)]
struct ListedScope {
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
}

impl From<Annotation> for Listed {
    fn from(annotation: Annotation) -> Self {
        let id = annotation.id();
        let Annotation { time, text, scope } = annotation;
        Listed {
            id,
            time: time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            text,
            scope: ListedScope {
                platform: scope.platform,
                bot_id: scope.bot_id,
                metric: scope.metric,
            },
        }
    }
}

#[derive(Serialize)]
struct List {
    annotations: Vec<Listed>,
    #[serde(skip_serializing_if = "is_zero")]
    left_out: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Annotations that the list has room for.
const LISTED: usize = 10_000;

async fn list(req: HttpRequest, state: web::Data<IngestState>) -> Result<HttpResponse, Problem> {
    if !req.query_string().is_empty() {
        return Err(Problem::unknown_parameter(req.query_string()));
    }
    let store = state.store.clone();
    let (found, left_out) = web::block(move || {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let all = About {
            as_of: last,
            from: first,
            to: last,
            metric: None,
            platforms: (&[], &[]),
            names_bots: true,
            bots: (&[], &[]),
        };
        store.annotations(&all, LISTED)
    })
    .await??;
    let annotations = found.into_iter().map(Listed::from).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(List { annotations, left_out }))
}
