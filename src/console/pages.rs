//! Who is answered, and what.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS},
        uri::Authority,
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{sync::Semaphore, task, time};

use super::{Asks, exposition, ready, serving::Peer};
use crate::service::BoxFacts;

/// Where facts come from.
#[derive(Clone)]
struct Facts {
    asks: Asks,
    /// One asks at a time, so that those who wait for a disk that hangs are not more and more.
    turn: Arc<Semaphore>,
    patience: Duration,
}

impl Facts {
    /// What is known now; none where it is not told in time.
    async fn now(&self) -> Option<BoxFacts> {
        let told = async {
            let turn = Arc::clone(&self.turn).acquire_owned().await.ok()?;
            let asks = Arc::clone(&self.asks);
            let ask = move || {
                let facts = asks();
                drop(turn);
                facts
            };
            task::spawn_blocking(ask).await.ok()
        };
        time::timeout(self.patience, told).await.ok()?
    }
}

/// All that is answered. Facts are waited for as long as `patience` says.
pub(super) fn pages(asks: Asks, patience: Duration) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is /healthz, /readyz and /metrics\n") })
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "it can be read only\n") })
        .layer(middleware::from_fn(guard))
        .with_state(Facts { asks, turn: Arc::new(Semaphore::new(1)), patience })
}

/// Answers those alone who ask for this machine by its own name. A page of somebody else's whose name was made to lead here
/// (DNS rebinding) asks for that name.
async fn guard(request: Request, next: Next) -> Response {
    let mut answer = if asks_for_this_machine(&request) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "ask for localhost, or for the address itself\n").into_response()
    };
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

fn asks_for_this_machine(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, others) = (hosts.next(), hosts.next());
    let named = host.and_then(|host| host.to_str().ok()).is_some_and(is_this_machine);
    let absolute = request.uri().authority();
    named && others.is_none() && absolute.is_none_or(|authority| is_this_machine(authority.as_str()))
}

/// Whether a name, or an address, with or without a port, is of this machine alone.
pub(super) fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let is_plain = !host.contains('@');
    is_plain && (name.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(is_loopback))
}

/// Whether an address is of this machine alone, also where it is of version 4 and written as one of version 6.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

async fn readyz(State(facts): State<Facts>) -> Response {
    let reasons = match facts.now().await {
        Some(facts) => ready::reasons(&facts),
        None => vec!["the database does not answer".to_owned()],
    };
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    let lines: String = reasons.into_iter().map(|reason| reason + "\n").collect();
    (StatusCode::SERVICE_UNAVAILABLE, lines).into_response()
}

async fn metrics(Extension(Peer(peer)): Extension<Peer>, State(facts): State<Facts>) -> Response {
    if !is_loopback(peer.ip()) {
        return (StatusCode::FORBIDDEN, "metrics are told to this machine alone\n").into_response();
    }
    let Some(facts) = facts.now().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
    };
    match exposition::text(facts) {
        Ok(text) => ([(CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
