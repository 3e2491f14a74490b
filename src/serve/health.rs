//! Whether the server lives, whether it can answer, and what its jobs did.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::ServeState;
use super::routes::{only_read, pairs};
use crate::http::{Problem, logs};
use crate::store::{Deadline, JobStatus, SetAside};

/// How long the small reads behind `/readyz` may take.
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
    let problems = problems(&state).await?;
    if !problems.is_empty() {
        return Err(Problem::not_ready(problems.join("; ")));
    }
    let version = web::block(move || store.version_at(now)).await??;
    Ok(fresh(json!({"status": "ready", "data_version": version.data_version})))
}

/// What is wrong, in sentences.
async fn problems(state: &ServeState) -> Result<Vec<String>, Problem> {
    let deadline = Arc::new(Deadline::after(READY_WITHIN));
    let (store, now) = (state.store.within(deadline), (state.clock)());
    let asked = web::block(move || store.problems(now));
    let late = |_| Ok(vec!["the database does not answer".to_owned()]);
    Ok(tokio::time::timeout(READY_WITHIN, asked).await.unwrap_or_else(late)?)
}

async fn jobs(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    let problems = problems(&state).await?;
    let mut jobs: Vec<Json> = state.store.jobs().iter().map(described).collect();
    for job in jobs.iter_mut().filter(|job| job["name"] == "fold") {
        job["set_aside"] = set_aside(&state.store.quarantined());
    }
    Ok(fresh(
        json!({ "problems": problems, "jobs": jobs, "log_lines_lost": logs::lost() }),
    ))
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
        "failures": job.failures,
    })
}

/// How many entities are left out of the facts, and why, the oldest first.
fn set_aside(aside: &[SetAside]) -> Json {
    let one = |one: &SetAside| json!({ "id": one.id, "state": one.state.as_str(), "reason": one.reason });
    json!({ "count": aside.len(), "entities": aside.iter().take(20).map(one).collect::<Vec<_>>() })
}

/// An answer that holds for this moment only.
pub(super) fn fresh(body: Json) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}
