//! `/v1/quarantine`: what is left out of the facts, why, and what is to become of it.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::ServeState;
use super::gate::Class;
use super::health::fresh;
use super::quarantine::{Wanted, listed, shown};
use super::routes::{only_read, pairs};
use crate::http::Problem;
use crate::store::{Store, StoreError};

/// Marks what is set aside under an id; false where nothing is.
type Change = fn(&Store, &str) -> Result<bool, StoreError>;

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
    let wanted = Wanted::read(&pairs(&request)?)?;
    Ok(fresh(listed(&state.store, &wanted)))
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
    let work = move |deadline| Ok(shown(&store.within(deadline), &id)?);
    let found = state.gate.run(Class::List, work).await?;
    found.map(fresh).ok_or_else(Problem::not_set_aside)
}

async fn act(path: web::Path<(String, String)>, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    let (id, what) = path.into_inner();
    let (store, of) = (state.store.clone(), id.clone());
    let (outcome, change): (_, Change) = match what.as_str() {
        "retry" => ("retry", Store::retry_set_aside),
        _ => ("dropped", Store::drop_set_aside),
    };
    let work = move |deadline| Ok(change(&store.within(deadline), &of)?);
    if !state.changes.run(Class::List, work).await? {
        return Err(Problem::not_set_aside());
    }
    Ok(fresh(json!({ "id": id, "state": outcome })))
}
