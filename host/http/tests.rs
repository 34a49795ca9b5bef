//! Signatures, and what errors show.

use std::sync::Arc;

use anyhow::anyhow;
use axum::body::to_bytes;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::error::ApiError;
use super::signature::{is_signed, sign};
use crate::projects::Secret;

fn secrets(names: &[&str]) -> Vec<Secret> {
    names.iter().copied().map(Secret::new).collect()
}

#[test]
fn a_signature_is_what_meta_documents() {
    // RFC 4231, test case 2.
    assert_eq!(
        sign(&Secret::new("Jefe"), b"what do ya want for nothing?"),
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn a_signature_by_any_accepted_secret_is_good() {
    for secret in ["old", "new"] {
        let header = sign(&Secret::new(secret), b"body");
        assert!(
            is_signed(&secrets(&["old", "new"]), &header, b"body"),
            "`{secret}` is refused"
        );
    }
}

#[test]
fn other_signatures_are_bad() {
    let good = sign(&Secret::new("secret"), b"body");
    let all_zero = format!("sha256={}", "0".repeat(64));
    let cases = [
        ("", "missing"),
        ("sha256=", "empty"),
        (&good[7..], "without its prefix"),
        (&good[..70], "cut"),
        (&format!("{good}00"), "too long"),
        (&good.replace("sha256=", "sha1="), "another hash"),
        (&all_zero, "zeros"),
        (&sign(&Secret::new("other"), b"body"), "another secret"),
        (&sign(&Secret::new("secret"), b"body "), "another body"),
    ];
    for (header, what) in cases {
        assert!(!is_signed(&secrets(&["secret"]), header, b"body"), "{what}");
    }
    assert!(!is_signed(&[], &good, b"body"), "no secret is accepted");
}

#[tokio::test]
async fn internal_errors_do_not_leak() {
    let error = anyhow!("password=hunter2").context("db");
    let response = ApiError::from(error).into_response();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let chain = response
        .extensions()
        .get::<Arc<ApiError>>()
        .cloned()
        .unwrap();
    let body = to_bytes(response.into_body(), 1_000).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        problem,
        json!({"title": "Internal Server Error", "status": 500, "code": "internal",
               "detail": "internal error"})
    );
    let ApiError::Internal(error) = chain.as_ref() else {
        panic!("another error")
    };
    assert_eq!(format!("{error:#}"), "db: password=hunter2");
}
