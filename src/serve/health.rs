//! Whether the server lives, whether it can answer, and what its jobs did.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::ServeState;
use super::routes::{only_read, pairs};
use crate::http::{Problem, logs};
use crate::store::JobStatus;

/// How long the trivial read behind `/readyz` may take.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Adds the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/healthz")
            .get(alive)
            .head(alive)
            .default_service(web::to(only_read)),
    );
    cfg.service(
        web::resource("/readyz")
            .get(ready)
            .head(ready)
            .default_service(web::to(only_read)),
    );
    cfg.service(
        web::resource("/v1/jobs")
            .get(jobs)
            .head(jobs)
            .default_service(web::to(only_read)),
    );
}

async fn alive() -> HttpResponse {
    fresh(json!({"status": "alive"}))
}

/// Reads past the gate: a server that is busy with questions is still ready.
async fn ready(state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    let (store, now) = (state.store.clone(), (state.clock)());
    let read = web::block(move || store.version_at(now));
    let version = tokio::time::timeout(READY_WITHIN, read)
        .await
        .map_err(|_| Problem::not_ready("the read took too long"))??
        .map_err(Problem::not_ready)?;
    Ok(fresh(json!({"status": "ready", "data_version": version.data_version})))
}

async fn jobs(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    let jobs: Vec<Json> = state.store.jobs().iter().map(described).collect();
    Ok(fresh(json!({ "jobs": jobs, "log_lines_lost": logs::lost() })))
}

fn described(job: &JobStatus) -> Json {
    let text = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339());
    json!({
        "name": job.name,
        "schedule": job.schedule,
        "last_started": text(job.last_started),
        "last_finished": text(job.last_finished),
        "last_duration_ms": job.last_duration_ms,
        "last_error": job.last_error,
        "runs": job.runs,
    })
}

fn fresh(body: Json) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}
