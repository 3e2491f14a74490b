//! `GET /v1/sources`: the ways in and what was refused of late.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::gate::Class;
use super::routes::{only_read, pairs};
use super::{ServeState, sources};
use crate::http::Problem;

/// Adds the route.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/v1/sources")
            .get(list)
            .head(list)
            .default_service(web::to(only_read)),
    );
}

async fn list(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    let (store, config, now) = (state.store.clone(), state.config.clone(), (state.clock)());
    let found = state
        .gate
        .run(Class::List, move |deadline| {
            Ok(sources::gather(&store.within(deadline), &config, now)?)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(sources::described(&found)))
}
