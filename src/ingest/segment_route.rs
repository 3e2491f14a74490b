//! Segment's addresses: what its libraries send, judged and acknowledged as events are.

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::cloudevents::is_json;
use super::routes::{IngestState, answer, read};
use super::{notes, room, segment};
use crate::http::Problem;
use crate::http::auth::Guard;

/// Registers the routes; they need a [`web::Data`] of [`IngestState`].
pub fn configure(cfg: &mut ServiceConfig) {
    let refuse = || async { Err::<HttpResponse, _>(Problem::method_not_allowed("POST")) };
    cfg.service(
        web::resource(segment::ADDRESSES)
            .route(web::post().to(receive))
            .default_service(web::to(refuse)),
    );
}

async fn receive(
    req: HttpRequest,
    payload: web::Payload,
    state: web::Data<IngestState>,
) -> Result<HttpResponse, Problem> {
    let answered = take(&req, payload, &state).await;
    answered.inspect_err(|problem| notes::problem(&state.store, segment::ADDRESS, (state.clock)(), problem))
}

async fn take(req: &HttpRequest, payload: web::Payload, state: &IngestState) -> Result<HttpResponse, Problem> {
    check_type(req)?;
    let body = read(payload, req, state).await?;
    let (limits, now, privacy) = (state.limits.clone(), (state.clock)(), state.privacy.clone());
    let asked = req.path().to_owned();
    let judge = move || {
        room::judged(body, |room, bytes| {
            segment::judge_within(room, bytes, &asked, &limits, now, &privacy)
        })
    };
    let judged = web::block(judge).await??;
    answer(&state.store, segment::ADDRESS, judged, now).await
}

/// Refuses a call that a page of any site could make a browser send without asking here first: one that is said to be
/// no JSON. Where nothing is said, the browser's `Origin` tells.
///
/// Segment's library for browsers sends `text/plain`, from an origin that has to be configured; that of Kotlin too,
/// packed, which no page can without asking.
fn check_type(req: &HttpRequest) -> Result<(), Problem> {
    let headers = req.headers();
    let Some(stated) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let stated = stated.to_str().unwrap_or_default();
    let plain = stated.split(';').next().unwrap_or_default().trim();
    let trusted = || {
        req.app_data::<web::Data<Guard>>()
            .is_some_and(|guard| guard.trusts(headers))
    };
    if is_json(stated)
        || plain.eq_ignore_ascii_case("text/plain") && (headers.contains_key(header::CONTENT_ENCODING) || trusted())
    {
        return Ok(());
    }
    Err(Problem::unsupported_media_type(
        "send the calls as application/json; text/plain is taken from pages whose origin is one of `[cors] origins`",
    ))
}
