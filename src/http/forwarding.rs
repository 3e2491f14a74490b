//! Headers by which proxies, load balancers and content delivery networks say that they pass on someone else's request.
//!
//! No list of them can be complete: a proxy that adds none of these and rewrites `Host` cannot be told from a program
//! on this machine.

use actix_web::http::header::HeaderMap;

/// Whole names.
const NAMES: [&str; 31] = [
    "ali-cdn-real-ip",
    "cdn-loop",
    "cdn-real-ip",
    "cdn-src-ip",
    "client-ip",
    "connecting-ip",
    "do-connecting-ip",
    "front-end-https",
    "http-client-ip",
    "incap-client-ip",
    "proxy-client-ip",
    "remote-addr",
    "remote-user",
    "true-client-ip",
    "via",
    "wl-proxy-client-ip",
    "x-client-ip",
    "x-cloud-trace-context",
    "x-cluster-client-ip",
    "x-host",
    "x-http-host-override",
    "x-nf-client-connection-ip",
    "x-originating-ip",
    "x-proxyuser-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-rewrite-url",
    "x-scheme",
    "x-sucuri-clientip",
    "x-url-scheme",
    "x-varnish",
];

/// What the names of whole families begin with: `x-forwarded-for`, `x-forwarded-host`, `x-original-url` …
const FAMILIES: [&str; 20] = [
    "akamai-",
    "cf-",
    "cloudfront-",
    "fastly-",
    "fly-",
    "forwarded",
    "tailscale-",
    "x-akamai-",
    "x-amz-cf-",
    "x-amzn-",
    "x-appengine-",
    "x-arr-",
    "x-azure-",
    "x-envoy-",
    "x-forward",
    "x-original-",
    "x-proxy-",
    "x-real-",
    "x-vercel-",
    "x-via",
];

/// The first header that says so.
pub fn named(headers: &HeaderMap) -> Option<&str> {
    let mut names = headers.keys().map(|name| name.as_str());
    names.find(|name| NAMES.contains(name) || FAMILIES.iter().any(|family| name.starts_with(family)))
}
