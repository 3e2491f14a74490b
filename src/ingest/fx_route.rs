//! `POST /v1/fx`: a file of exchange rates, taken whole or not at all.

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use chrono::SecondsFormat;
use serde::Serialize;

use super::IngestState;
use super::fx;
use crate::http::Problem;
use crate::http::body::{self, Body};

/// Registers the route; it needs a [`web::Data`] of [`IngestState`].
pub fn configure(cfg: &mut ServiceConfig) {
    let refuse = || async { Err::<HttpResponse, _>(Problem::method_not_allowed("POST")) };
    cfg.service(
        web::resource("/v1/fx")
            .route(web::post().to(receive))
            .default_service(web::to(refuse)),
    );
}

#[derive(Serialize)]
struct Answer {
    new: usize,
    replaced: usize,
    unchanged: usize,
    /// Columns of currencies that the ledger does not know.
    left_out: Vec<String>,
    /// The stamp of the commit; null where nothing changed.
    received_at: Option<String>,
}

async fn receive(
    req: HttpRequest,
    payload: web::Payload,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    if !is_csv(req.headers()) {
        return Err(Problem::unsupported_media_type("send the file as text/csv"));
    }
    let Body { bytes, mut permit } = body::read(payload, &req, &state.limits, &state.flight).await?;
    // However many rates it holds, a file alone fits.
    permit.grow(fx::most_bytes(&bytes).min(state.flight.limit() / 2))?;
    let (file, _permit) = web::block(move || (fx::parse(&bytes), permit)).await?;
    let file = file.map_err(|error| Problem::invalid_rates(error.field.as_str(), error.to_string()))?;
    let added = state.store.add_rates(file.rates).await?;
    Ok(HttpResponse::Ok().json(Answer {
        new: added.new,
        replaced: added.replaced,
        unchanged: added.unchanged,
        left_out: file.left_out,
        received_at: added
            .received_at
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
    }))
}

fn is_csv(headers: &HeaderMap) -> bool {
    let stated = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = stated.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("text/csv")
}
