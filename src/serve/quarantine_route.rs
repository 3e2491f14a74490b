//! `/v1/quarantine`: what is left out of the facts, why, and what is to become of it.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::ServeState;
use super::health::fresh;
use super::quarantine::{listed, shown};
use super::routes::{only_read, pairs};
use crate::http::Problem;

/// Adds the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/v1/quarantine")
            .get(list)
            .head(list)
            .default_service(web::to(only_read)),
    );
    cfg.service(
        web::resource("/v1/quarantine/{id}")
            .get(show)
            .head(show)
            .default_service(web::to(only_read)),
    );
    let refuse = || async { Err::<HttpResponse, _>(Problem::method_not_allowed("POST")) };
    cfg.service(
        web::resource("/v1/quarantine/{id}/{what:retry|drop}")
            .post(act)
            .default_service(web::to(refuse)),
    );
}

async fn list(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    Ok(fresh(listed(&state.store)))
}

async fn show(
    request: HttpRequest,
    id: web::Path<String>,
    state: web::Data<ServeState>,
) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    let store = state.store.clone();
    let found = web::block(move || shown(&store, &id)).await??;
    found.map(fresh).ok_or_else(Problem::not_set_aside)
}

async fn act(path: web::Path<(String, String)>, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    let (id, what) = path.into_inner();
    let (store, of) = (state.store.clone(), id.clone());
    let (state, done) = match what.as_str() {
        "retry" => ("retry", web::block(move || store.retry_set_aside(&of)).await??),
        _ => ("dropped", web::block(move || store.drop_set_aside(&of)).await??),
    };
    if !done {
        return Err(Problem::not_set_aside());
    }
    Ok(fresh(json!({ "id": id, "state": state })))
}
