//! Headers by which proxies, load balancers and content delivery networks say that they pass on someone else's request.
//!
//! No list of them can be complete: a proxy that adds none of these and rewrites `Host` looks like a program on this
//! machine.

use actix_web::http::header::HeaderMap;

/// Whole names that no rule below covers.
const NAMES: [&str; 14] = [
    "cdn-loop",
    "early-data",
    "front-end-https",
    "remote-user",
    "rndr-id",
    "via",
    "x-cloud-trace-context",
    "x-host",
    "x-http-host-override",
    "x-iinfo",
    "x-imforwards",
    "x-rewrite-url",
    "x-scheme",
    "x-url-scheme",
];

/// What names of one maker or one purpose begin with: `x-forwarded-for`, `x-original-url`, `cf-ray` …
const FAMILIES: [&str; 51] = [
    "akamai-",
    "ali-",
    "cdn-",
    "cf-",
    "cloudfront-",
    "fastly-",
    "fly-",
    "forwarded",
    "incap-",
    "ssl-client",
    "tailscale-",
    "true-client",
    "x-akamai-",
    "x-ali-",
    "x-amz-",
    "x-amzn-",
    "x-appengine-",
    "x-arr-",
    "x-azure-",
    "x-b3-",
    "x-bluecoat",
    "x-cdn",
    "x-client-cert",
    "x-cloudfront-",
    "x-cluster-",
    "x-edge-",
    "x-envoy-",
    "x-fastly-",
    "x-forward",
    "x-fw-",
    "x-geo",
    "x-haproxy",
    "x-heroku-",
    "x-kong-",
    "x-lb-",
    "x-nf-",
    "x-nginx",
    "x-original",
    "x-queue-start",
    "x-railway-",
    "x-real",
    "x-remote-",
    "x-request-start",
    "x-ssl",
    "x-sucuri-",
    "x-traefik-",
    "x-true-",
    "x-varnish",
    "x-vercel-",
    "x-via",
    "x-waf",
];

/// Parts of header names that show a proxy: `x-nginx-proxy`, `wl-proxy-ssl`, `x-ms-forwarded-client-ip` …
const WITHIN: [&str; 2] = ["-proxy", "forwarded"];

/// What names end with that tell another address than that of the connection: `x-source-ip`, `x-azure-clientip` …
const ENDS: [&str; 4] = ["-ip", "clientip", "-addr", "-client-port"];

/// The first header that says so.
pub fn named(headers: &HeaderMap) -> Option<&str> {
    let mut names = headers.keys().map(|name| name.as_str());
    names.find(|name| tells(name))
}

fn tells(name: &str) -> bool {
    NAMES.contains(&name)
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || WITHIN.iter().any(|part| name.contains(part))
        || ENDS.iter().any(|end| name.ends_with(end))
}
