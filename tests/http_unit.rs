//! Rules of the shared HTTP layer: bodies stay under their limits, strangers stay out, errors have one shape.

use std::io::Write;

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, FromRequest, HttpResponse, middleware, web};
use botledger::config::{Key, Limits};
use botledger::http::auth::{Guard, guard};
use botledger::http::body::{self, Encoding};
use botledger::http::flight::Flight;
use botledger::http::{Problem, base64, not_found, request_id};
use serde_json::Value;

fn run<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

fn read(request: TestRequest, limits: Limits, raw: bool) -> Result<Vec<u8>, &'static str> {
    run(async {
        let (request, mut payload) = request.to_http_parts();
        let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
        let flight = Flight::of(&limits);
        let result = match raw {
            true => body::read_raw(payload, &request, &limits, &flight).await,
            false => body::read(payload, &request, &limits, &flight).await,
        };
        result.map(|body| body.bytes).map_err(|problem| problem.code())
    })
}

fn inflate(bytes: &[u8], encoding: Encoding, limit: usize) -> Result<Vec<u8>, Problem> {
    let permit = Flight::of(&Limits::default()).permit();
    body::inflate(bytes, encoding, limit, permit).map(|body| body.bytes)
}

fn sent(encoding: &str, bytes: Vec<u8>) -> TestRequest {
    TestRequest::post()
        .insert_header((header::CONTENT_ENCODING, encoding))
        .set_payload(bytes)
}

#[test]
fn inflates_every_encoding() {
    let text = b"one body ".repeat(50_000);
    for (encoding, bytes) in [("identity", text.clone()), ("GZip", gzip(&text)), ("zstd", zstd(&text))] {
        assert_eq!(
            read(sent(encoding, bytes), Limits::default(), false),
            Ok(text.clone()),
            "{encoding}"
        );
    }
    let twice = [gzip(b"a"), gzip(b"b")].concat();
    assert_eq!(inflate(&twice, Encoding::Gzip, 10).unwrap(), b"ab");
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 64 << 20];
    for (encoding, bytes) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))] {
        assert!(bytes.len() < 1 << 20);
        let limits = Limits {
            inflated_bytes: 1 << 20,
            ..Limits::default()
        };
        assert_eq!(
            read(sent(encoding, bytes), limits, false),
            Err("body_too_large"),
            "{encoding}"
        );
    }
}

#[test]
fn the_limit_itself_is_allowed_and_never_exceeded_in_memory() {
    let limit = 3_000_001;
    for (encoding, bytes) in [
        (Encoding::Gzip, gzip(&vec![7; limit])),
        (Encoding::Zstd, zstd(&vec![7; limit])),
    ] {
        let inflated = inflate(&bytes, encoding, limit).unwrap();
        assert!(inflated.len() == limit && inflated.capacity() <= limit);
        assert_eq!(
            inflate(&bytes, encoding, limit - 1).unwrap_err().code(),
            "body_too_large"
        );
    }
}

#[test]
fn a_zstd_frame_with_a_huge_window_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&vec![1; 32 << 20]).unwrap();
    let bytes = encoder.finish().unwrap();
    assert_eq!(
        inflate(&bytes, Encoding::Zstd, 64 << 20).unwrap_err().code(),
        "unparseable"
    );
}

#[test]
fn broken_and_unknown_encodings_are_told_apart() {
    let whole = gzip(b"some text that is cut off");
    let cut = whole[..whole.len() - 9].to_vec();
    assert_eq!(read(sent("gzip", cut), Limits::default(), false), Err("unparseable"));
    assert_eq!(
        read(sent("zstd", b"nothing of the kind".to_vec()), Limits::default(), false),
        Err("unparseable")
    );
    assert_eq!(
        read(sent("br", Vec::new()), Limits::default(), false),
        Err("unsupported_encoding")
    );
    assert_eq!(
        read(sent("gzip, gzip", Vec::new()), Limits::default(), false),
        Err("unsupported_encoding")
    );
    assert_eq!(
        read(sent("gzip", gzip(b"x")), Limits::default(), true),
        Err("unsupported_encoding")
    );
    assert_eq!(
        read(sent("identity", b"x".to_vec()), Limits::default(), true),
        Ok(b"x".to_vec())
    );
}

#[test]
fn the_wire_limit_holds_with_and_without_a_declared_length() {
    let limits = Limits {
        body_bytes: 10,
        ..Limits::default()
    };
    let body = |length: usize| TestRequest::post().set_payload(vec![b'x'; length]);
    assert_eq!(read(body(10), limits.clone(), false).map(|bytes| bytes.len()), Ok(10));
    assert_eq!(read(body(11), limits.clone(), false), Err("body_too_large"));
    let declared = TestRequest::post()
        .set_payload("x")
        .insert_header((header::CONTENT_LENGTH, "11"));
    assert_eq!(read(declared, limits, false), Err("body_too_large"));
}

#[test]
fn base64_is_strict() {
    for (text, bytes) in [
        ("", ""),
        ("Zg==", "f"),
        ("Zm8=", "fo"),
        ("Zm9v", "foo"),
        ("Zm9vYmFy", "foobar"),
    ] {
        assert_eq!(base64::decode(text).as_deref(), Some(bytes.as_bytes()));
    }
    assert_eq!(base64::decode("++//").as_deref(), Some(&[0xfb, 0xef, 0xff][..]));
    for wrong in [
        "Zg", "Zg=", "Zg===", "====", "A===", "Zh==", "Zm9=", "Z m9", "Zm-v", "=Zm9",
    ] {
        assert_eq!(base64::decode(wrong), None, "{wrong}");
    }
}

/// Asks a small application behind the real middlewares.
fn ask(keys: &[Key], request: TestRequest) -> (StatusCode, HeaderMap, Vec<u8>) {
    run(async {
        let app = init_service(
            App::new()
                .app_data(web::Data::new(Guard::new(keys)))
                .wrap(middleware::from_fn(guard))
                .wrap(middleware::from_fn(request_id::trace))
                .default_service(web::to(|| async { HttpResponse::Ok().body("inside") })),
        )
        .await;
        let response: ServiceResponse<_> = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, read_body(response).await.to_vec())
    })
}

fn local(path: &str) -> TestRequest {
    let peer = "127.0.0.1:5000".parse().unwrap();
    TestRequest::get()
        .uri(path)
        .peer_addr(peer)
        .insert_header((header::HOST, "localhost:8080"))
}

/// A key `open sesame` and its hash.
fn sesame() -> Vec<Key> {
    let sha256 = "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb".to_owned();
    vec![
        Key {
            name: "first".into(),
            sha256: "0".repeat(64),
        },
        Key {
            name: "ali".into(),
            sha256,
        },
    ]
}

#[test]
fn without_a_key_only_this_machine_under_its_own_name_is_answered() {
    let status = |request: TestRequest| ask(&[], request).0;
    assert_eq!(status(local("/v1/metrics")), StatusCode::OK);
    for host in ["127.0.0.1", "[::1]:8080", "LOCALHOST", "app.localhost:1"] {
        assert_eq!(
            status(local("/").insert_header((header::HOST, host))),
            StatusCode::OK,
            "{host}"
        );
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "",
    ] {
        assert_eq!(
            status(local("/").insert_header((header::HOST, host))),
            StatusCode::FORBIDDEN,
            "{host}"
        );
    }
    assert_eq!(
        status(local("/").peer_addr("10.0.0.9:1".parse().unwrap())),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        status(local("/").insert_header(("x-forwarded-for", "1.2.3.4"))),
        StatusCode::FORBIDDEN
    );
    let foreign = local("/v1/events").method(actix_web::http::Method::POST);
    assert_eq!(
        status(foreign.insert_header(("sec-fetch-site", "cross-site"))),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        status(TestRequest::get().insert_header((header::HOST, "localhost"))),
        StatusCode::FORBIDDEN
    );
}

#[test]
fn a_key_opens_as_bearer_basic_or_cookie() {
    let keys = sesame();
    let status = |value: &str| {
        ask(
            &keys,
            local("/v1/metrics").insert_header((header::AUTHORIZATION, value)),
        )
        .0
    };
    assert_eq!(status("Bearer open sesame"), StatusCode::OK);
    assert_eq!(status("bearer open sesame"), StatusCode::OK);
    assert_eq!(status("Basic eDpvcGVuIHNlc2FtZQ=="), StatusCode::OK); // x:open sesame
    assert_eq!(status("Basic b3BlbiBzZXNhbWU6"), StatusCode::OK); // open sesame:
    assert_eq!(status("Bearer open sesam"), StatusCode::UNAUTHORIZED);
    assert_eq!(status("Bearer "), StatusCode::UNAUTHORIZED);
    assert_eq!(status("open sesame"), StatusCode::UNAUTHORIZED);
    let cookie = local("/").insert_header((header::COOKIE, "a=b; botledger_key=open sesame"));
    assert_eq!(ask(&keys, cookie).0, StatusCode::OK);
}

#[test]
fn with_a_key_strangers_see_health_and_webhooks_only() {
    let keys = sesame();
    for path in ["/healthz", "/readyz", "/v1/webhooks/stripe/main"] {
        assert_eq!(ask(&keys, local(path)).0, StatusCode::OK, "{path}");
    }
    for path in [
        "/",
        "/v1/events",
        "/v1/metrics/payments",
        "/v1/webhooks",
        "/v1/jobs",
        "/healthz/x",
    ] {
        assert_eq!(ask(&keys, local(path)).0, StatusCode::UNAUTHORIZED, "{path}");
    }
    let challenge = |path: &str| {
        ask(&keys, local(path))
            .1
            .get(header::WWW_AUTHENTICATE)
            .cloned()
            .unwrap()
    };
    assert!(
        challenge("/")
            .to_str()
            .unwrap()
            .starts_with("Basic realm=\"botledger\"")
    );
    assert_eq!(challenge("/v1/metrics"), HeaderValue::from_static("Bearer"));
}

#[test]
fn every_answer_carries_an_id_and_safe_headers() {
    let (_, headers, _) = ask(&[], local("/").insert_header((request_id::HEADER, "abc-1.2_3")));
    assert_eq!(headers.get(request_id::HEADER).unwrap(), "abc-1.2_3");
    for odd in ["a b", "x\"y", "", &"a".repeat(65)] {
        let (status, headers, body) = ask(&sesame(), local("/v1/jobs").insert_header((request_id::HEADER, odd)));
        let id = headers.get(request_id::HEADER).unwrap().to_str().unwrap();
        assert!(
            id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()),
            "{odd} gave {id}"
        );
        assert_eq!(
            headers.get(HeaderName::from_static("x-content-type-options")).unwrap(),
            "nosniff"
        );
        assert!(headers.contains_key(header::CONTENT_SECURITY_POLICY) && headers.contains_key(header::REFERRER_POLICY));
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status.as_u16(), &body["status"], &body["code"]),
            (401, &401.into(), &"unauthorized".into())
        );
    }
}

#[test]
fn a_problem_has_the_members_of_rfc_9457() {
    let response = run(async {
        let app = init_service(App::new().default_service(web::to(not_found))).await;
        call_service(&app, TestRequest::get().uri("/nowhere").to_request()).await
    });
    assert_eq!(
        response.headers().get(header::CONTENT_TYPE).unwrap(),
        "application/problem+json"
    );
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    use actix_web::ResponseError;
    let answer = Problem::invalid_parameter("tz", "no such zone").error_response();
    let bytes = run(actix_web::body::to_bytes(answer.into_body())).unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(body["type"], "urn:botledger:problem:invalid_parameter");
    assert_eq!(
        (&body["field"], &body["detail"]),
        (&"tz".into(), &"no such zone".into())
    );
    assert_eq!(
        Problem::busy()
            .error_response()
            .headers()
            .get(header::RETRY_AFTER)
            .unwrap(),
        "1"
    );
}
