//! `GET /`: the dashboard.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use chrono::{DateTime, Utc};

use super::{Choices, gather, render};
use crate::http::Problem;
use crate::serve::answer::moment::parse_rfc3339;
use crate::serve::gate::Class;
use crate::serve::routes::{only_read, pairs};
use crate::serve::{Defaults, ServeState};

/// A page loads nothing and runs nothing; its style sheet and charts are part of it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Adds the page.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/")
            .get(page)
            .head(page)
            .default_service(web::to(only_read)),
    );
}

async fn page(request: HttpRequest, state: web::Data<ServeState>) -> Result<HttpResponse, Problem> {
    let pairs = pairs(&request)?;
    let (store, config, defaults) = (state.store.clone(), state.config.clone(), state.defaults());
    let as_of = moment(&pairs, &defaults);
    let work = move |deadline| {
        let model = gather::gather(&store, &deadline, &config, &pairs, &defaults)?;
        store.within(deadline).check()?;
        Ok((render(&model), model.problem))
    };
    let (html, problem) = state.answer(Class::Page, as_of, work).await?;
    let response = match problem {
        None => HttpResponse::Ok(),
        Some(problem) => HttpResponse::build(Problem::from(problem).status_code()),
    };
    Ok(written(response, html))
}

/// The moment whose knowledge the page shows. What is wrong in the address, the page says.
fn moment(pairs: &[(String, String)], defaults: &Defaults) -> DateTime<Utc> {
    let stated = parse_rfc3339(&Choices::read(pairs).0.as_of);
    stated.filter(|at| *at <= defaults.now).unwrap_or(defaults.as_of)
}

/// A page as an answer, with what keeps browsers from loading or running anything else.
pub(in crate::serve) fn written(mut response: HttpResponseBuilder, html: String) -> HttpResponse {
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(html)
}
