//! `GET /` and `GET /docs/metrics`: the pages.

use std::io::Write;

use actix_web::http::header::{self, AcceptEncoding, Encoding, Header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{definitions, gather, render};
use crate::http::Problem;
use crate::serve::ServeState;
use crate::serve::routes::{only_read, pairs};

/// The page loads nothing and runs nothing; its style sheet and charts are part of it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Adds the pages.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/")
            .get(page)
            .head(page)
            .default_service(web::to(only_read)),
    );
    cfg.service(
        web::resource("/docs/metrics")
            .get(docs)
            .head(docs)
            .default_service(web::to(only_read)),
    );
}

async fn docs(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    if let Some((name, _)) = pairs(&request)?.first() {
        return Err(Problem::unknown_parameter(name));
    }
    let (store, known, defaults) = (state.store.clone(), state.definitions.clone(), state.defaults());
    let zipped = takes_gzip(&request);
    let work = move || {
        let html = definitions::render(known.all(&store, &defaults)?).into_bytes();
        Ok(if zipped { gzip(&html) } else { html })
    };
    let body = state.gate.run(work).await?;
    Ok(written(HttpResponse::Ok(), zipped, body))
}

async fn page(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    let pairs = pairs(&request)?;
    let (store, config, defaults) = (state.store.clone(), state.config.clone(), state.defaults());
    let zipped = takes_gzip(&request);
    let work = move || {
        let model = gather::gather(&store, &config, &pairs, &defaults)?;
        let html = render(&model).into_bytes();
        let body = if zipped { gzip(&html) } else { html };
        Ok((body, model.problem))
    };
    let (body, problem) = state.gate.run(work).await?;
    let response = match problem {
        None => HttpResponse::Ok(),
        Some(problem) => {
            let problem = Problem::invalid_parameter(problem.field.unwrap_or_default(), problem.message);
            HttpResponse::build(problem.status_code())
        }
    };
    Ok(written(response, zipped, body))
}

fn written(mut response: HttpResponseBuilder, zipped: bool, body: Vec<u8>) -> HttpResponse {
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response.insert_header((header::VARY, "Accept-Encoding"));
    if zipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    response.body(body)
}

/// Tables and drawings shrink to a tenth; nothing in the page is secret from whoever may read it.
fn gzip(html: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(html.len() / 8), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(html);
    encoder.finish().unwrap_or_default()
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let Ok(accepted) = AcceptEncoding::parse(request) else {
        return false;
    };
    let gzip = Encoding::gzip();
    accepted
        .negotiate([&gzip].into_iter())
        .is_some_and(|chosen| chosen == gzip)
}
