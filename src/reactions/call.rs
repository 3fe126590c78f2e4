//! A reaction that posts to a device.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use ureq::{
    Agent, Body, Error,
    http::{Response, header},
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::{
    failure::{Failure, in_brackets},
    message::Message,
};
use crate::{
    address::Hook,
    deliver::{
        endpoint::Endpoint,
        failure::{self, Authorities},
        quoted,
    },
};

const CONTENT_TYPE: &str = "application/cloudevents+json";
/// So much of an answer is read that says that it is not done, in bytes.
const READ: u64 = 4 << 10;

/// Posts to a device.
#[derive(Debug)]
pub(super) struct Call {
    endpoint: Endpoint,
    patience: Duration,
    /// None before the first call, and after authorities were not believed.
    agent: Option<Agent>,
}

impl Call {
    /// Posts there. An answer is waited for this long.
    pub fn new(address: &Hook, patience: Duration) -> Self {
        Self { endpoint: Endpoint::of(address.parts()), patience, agent: None }
    }

    /// What is done, for people.
    pub fn what(address: &Hook) -> String {
        format!("POST {}", Endpoint::of(address.parts()))
    }

    /// Posts, and once more where there was no connection.
    pub fn make(&mut self, message: &Message) -> Result<(), Failure> {
        let agent = match &self.agent {
            Some(agent) => agent.clone(),
            None => agent(self.endpoint.is_https(), self.patience)?,
        };
        self.agent = Some(agent.clone());
        let began = Instant::now();
        let mut response = self.send(&agent, message);
        if response.as_ref().is_err_and(is_unconnected) && began.elapsed() < self.patience {
            response = self.send(&agent, message);
        }
        match response {
            Ok(response) => self.judged(response),
            Err(error) => {
                if failure::is_of_tls(&error) {
                    self.agent = None;
                }
                Err(Failure::Unanswered(failure::why_where(&error, Authorities::OfSystem)))
            }
        }
    }

    fn send(&self, agent: &Agent, message: &Message) -> Result<Response<Body>, Error> {
        self.endpoint.post(agent).header(header::CONTENT_TYPE, CONTENT_TYPE).send(&message.body)
    }

    /// What a device says that has done it is not waited for.
    fn judged(&self, response: Response<Body>) -> Result<(), Failure> {
        let (parts, mut body) = response.into_parts();
        match parts.status.as_u16() {
            200..=299 => Ok(()),
            status @ 300..=399 => Err(Failure::Redirect(status)),
            status => {
                let mut read = Vec::new();
                let _ = body.as_reader().take(READ).read_to_end(&mut read);
                let said = self.endpoint.hidden().clean(&String::from_utf8_lossy(&read));
                Err(Failure::Answered { status, said: in_brackets(&quoted(&said)) })
            }
        }
    }
}

/// Whether the device cannot have heard anything, or closed the connection: what is silent is not asked again.
fn is_unconnected(error: &Error) -> bool {
    let has_none = matches!(error, Error::Io(_) | Error::ConnectionFailed | Error::HostNotFound);
    has_none && !failure::is_of_tls(error)
}

/// What makes the calls. A connection is made for each: one that was kept may lead to a device that was switched off meanwhile,
/// which is noticed only when it is too late.
fn agent(is_https: bool, patience: Duration) -> Result<Agent, Failure> {
    let mut config = Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(patience))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(32 << 10)
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .user_agent(concat!("firewarden/", env!("CARGO_PKG_VERSION")));
    if is_https {
        let found = rustls_native_certs::load_native_certs().certs;
        if found.is_empty() {
            return Err(Failure::NoAuthorities);
        }
        let roots: Vec<Certificate<'static>> =
            found.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        config =
            config.tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build());
    }
    Ok(config.build().new_agent())
}
