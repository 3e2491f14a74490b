//! `GET /docs`, `GET /docs/metrics` and `GET /docs/{page}`.

use std::sync::LazyLock;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::index;
use super::metrics;
use super::pages::PAGES;
use crate::http::Problem;
use crate::serve::ServeState;
use crate::serve::answer::definitions;
use crate::serve::page::written;
use crate::serve::routes::{only_read, pairs};

/// The pages of [`PAGES`] as HTML, made when the first of them is asked for.
static WRITTEN: LazyLock<Vec<String>> = LazyLock::new(|| PAGES.iter().map(index::page).collect());

/// Adds the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    let resource = |path: &str| web::resource(path).default_service(web::to(only_read));
    cfg.service(resource("/docs").get(list).head(list));
    cfg.service(resource("/docs/metrics").get(of_metrics).head(of_metrics));
    cfg.service(resource("/docs/{page}").get(page).head(page));
}

/// Refuses parameters: the pages take none.
///
/// # Errors
/// When the request has one.
fn plain(request: &HttpRequest) -> Result<(), Problem> {
    match pairs(request)?.first() {
        Some((name, _)) => Err(Problem::unknown_parameter(name)),
        None => Ok(()),
    }
}

async fn list(request: HttpRequest) -> Result<HttpResponse, Problem> {
    plain(&request)?;
    Ok(written(HttpResponse::Ok(), index::list()))
}

async fn of_metrics(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    plain(&request)?;
    let described = definitions::all(&state.defaults())?;
    Ok(written(HttpResponse::Ok(), metrics::render(&described)))
}

async fn page(request: HttpRequest, slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    plain(&request)?;
    let at = PAGES.iter().position(|page| page.slug == slug.as_str());
    let html = at.and_then(|at| WRITTEN.get(at)).ok_or_else(Problem::not_found)?;
    Ok(written(HttpResponse::Ok(), html.clone()))
}
