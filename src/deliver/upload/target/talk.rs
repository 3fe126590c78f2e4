//! What is said to a target about one file, and what its answers mean.

use std::{io::Read, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use ureq::{
    Agent, Body as Received, SendBody,
    http::{HeaderMap, Method, Request, Response, header},
};
use url::Url;

use super::{
    super::super::{
        Refusal, failure,
        http::{self, Answer},
    },
    Entry, File, Target,
    local::{self, Body, Hash},
    s3,
};
use crate::stop::Stop;

/// No line is counted on to be slower, in bytes a second.
const SLOWEST: u64 = 20_000;
/// No file is waited for longer.
const LONGEST: Duration = Duration::from_secs(6 * 3_600);

/// The exchanges with a target about one file.
pub(super) struct Talk<'a> {
    target: &'a Target,
    file: &'a File,
    hash: Hash,
    stop: &'a Stop,
    agent: Agent,
    /// An exchange takes no longer.
    whole: Duration,
}

/// Whether a file takes the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// It is stored where nothing has its name.
    NotThere,
    /// It takes the place of what has its name.
    Anyway,
}

/// What a target holds under a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Its bytes.
    Same,
    Other,
    Nothing,
}

/// A request about the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Put(When, Expect),
    Head,
    Get,
}

/// Whether the body waits for the server to want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Continue,
    Nothing,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The target itself.
    Own,
    /// An address that it made for this file.
    Made,
}

impl<'a> Talk<'a> {
    /// # Errors
    /// [`Refusal::Transient`] where no authority is known that vouches for servers.
    pub fn new(target: &'a Target, file: &'a File, hash: Hash, stop: &'a Stop) -> Result<Self, Refusal> {
        let agent = http::agent(target.urls.scheme() == "https", target.ca.as_deref())
            .map_err(|refusal| Refusal::transient(refusal.to_string().replace("`ca`", "`upload_ca`")))?;
        // Half as fast as it should be, there and back, is still good.
        let slowest = target.throttle.rate().min(SLOWEST);
        let body = Duration::from_secs(file.bytes.saturating_mul(2) / slowest.max(1));
        let whole = target.patience.saturating_mul(2).saturating_add(body).min(LONGEST);
        Ok(Self { target, file, hash, stop, agent, whole })
    }

    /// Puts the file; what the answer means is for [`Put::taken`].
    ///
    /// # Errors
    /// Where there is no answer, or the file is no longer what it was.
    pub fn put(&self, when: When) -> Result<Put<'_>, Refusal> {
        let mut told = self.ask(Ask::Put(when, Expect::Continue))?;
        if told.0.status() == 417 {
            told = self.ask(Ask::Put(when, Expect::Nothing))?;
        }
        let (response, whose) = told;
        Ok(Put { target: self.target, answer: Answer::read(Ok(response))?, whose })
    }

    /// What the target holds under the file's name: as it tells by a hash, else by its bytes.
    ///
    /// # Errors
    /// Where it does not tell.
    pub fn held(&self) -> Result<Held, Refusal> {
        let (head, _) = self.ask(Ask::Head)?;
        if head.status().is_success() && self.is_told(head.headers()) {
            return Ok(Held::Same);
        }
        drop(head);
        let (got, whose) = self.ask(Ask::Get)?;
        if got.status().is_success() {
            return self.compare(got);
        }
        let answer = Answer::read(Ok(got))?;
        // An address that was made for this file may be gone where the file is not.
        let is_gone = match whose {
            Whose::Own => matches!(answer.status, 404 | 410),
            Whose::Made => answer.status == 404,
        };
        if is_gone && s3::code(&answer.body) != Some("NoSuchBucket") {
            return Ok(Held::Nothing);
        }
        let why = refusal(self.target, &answer, whose, Ask::Get);
        Err(match why {
            Refusal::Transient { why, after } => Refusal::Transient {
                why: format!("whether it holds {} cannot be seen: {why}", self.file.shown()),
                after,
            },
            permanent @ Refusal::Permanent { .. } => permanent,
        })
    }

    /// Whether these headers tell of the file's size and hash.
    fn is_told(&self, headers: &HeaderMap) -> bool {
        let texts = |name: &str| {
            headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>()
        };
        let hash = STANDARD.encode(self.hash);
        let digest = |text: &&str| {
            text.split(',').any(|one| {
                let (name, value) = one.split_once('=').unwrap_or_default();
                name.trim().eq_ignore_ascii_case("sha-256") && value.trim() == format!(":{hash}:")
            })
        };
        let is_same = ["repr-digest", "content-digest"].iter().any(|name| texts(name).iter().any(digest))
            || texts("x-amz-checksum-sha256") == [hash.as_str()];
        is_same && texts("content-length") == [self.file.bytes.to_string()]
    }

    /// Compares what it gives back, as far as it can be the file.
    fn compare(&self, response: Response<Received>) -> Result<Held, Refusal> {
        let mut body = response.into_body().into_reader().take(self.file.bytes.saturating_add(1));
        let mut hasher = Sha256::new();
        let mut block = vec![0; self.target.throttle.block()];
        let mut bytes = 0;
        loop {
            let some = local::read_some(&mut body, &mut block).map_err(|error| {
                Refusal::transient(format!("{} was not given back whole: {error}", self.file.shown()))
            })?;
            if some.is_empty() {
                break;
            }
            hasher.update(some);
            bytes += some.len() as u64;
            self.target.throttle.wait(some.len(), self.stop);
            if self.stop.is_set() {
                return Err(local::stopped());
            }
        }
        let is_same = bytes == self.file.bytes && hasher.finalize().as_slice() == self.hash;
        Ok(if is_same { Held::Same } else { Held::Other })
    }

    /// Asks the target, and where it names an address made for this file, that one. An address that is no longer good is asked
    /// for once more.
    fn ask(&self, ask: Ask) -> Result<(Response<Received>, Whose), Refusal> {
        let mut is_again = false;
        loop {
            let own = self.send(&self.target.urls.url(&self.file.name), ask, Whose::Own)?;
            let Some(made) = self.made(&own)? else { return Ok((own, Whose::Own)) };
            drop(own);
            let answer = self.send(made.as_str(), ask, Whose::Made)?;
            if is_again || !matches!(answer.status().as_u16(), 401 | 403 | 410) {
                return Ok((answer, Whose::Made));
            }
            is_again = true;
        }
    }

    /// The address made for this file that an answer leads to; none where it leads nowhere.
    pub(super) fn made(&self, answer: &Response<Received>) -> Result<Option<Url>, Refusal> {
        if !matches!(answer.status().as_u16(), 307 | 308) || matches!(self.target.entry, Entry::S3(_)) {
            return Ok(None);
        }
        let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let Some(mut url) = location.and_then(|location| Url::parse(location).ok()) else { return Ok(None) };
        let wanted = self.target.urls.scheme();
        if url.scheme() != wanted || !url.has_host() {
            return Err(Refusal::transient(format!(
                "it leads to an address of {}, and only one of {wanted} is followed from there",
                super::quoted(url.scheme())
            )));
        }
        // What it knows of users stays with it. Neither fails for an address with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok(Some(url))
    }

    fn send(&self, url: &str, ask: Ask, whose: Whose) -> Result<Response<Received>, Refusal> {
        if self.stop.is_set() {
            return Err(local::stopped());
        }
        let (method, signing) = match ask {
            Ask::Put(..) => (Method::PUT, rusty_s3::Method::Put),
            Ask::Head => (Method::HEAD, rusty_s3::Method::Head),
            Ask::Get => (Method::GET, rusty_s3::Method::Get),
        };
        let mut headers = self.headers(ask);
        let url = match (&self.target.entry, whose) {
            (Entry::S3(keys), _) => {
                let own = match ask {
                    // The second makes some keep the first.
                    Ask::Put(..) => vec![
                        ("x-amz-checksum-sha256", STANDARD.encode(self.hash)),
                        ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
                    ],
                    Ask::Head | Ask::Get => vec![("x-amz-checksum-mode", "ENABLED".to_owned())],
                };
                let url = keys.signed(signing, url, &own, self.target.clock.wall());
                headers.extend(own);
                url.ok_or_else(|| Refusal::transient("its address cannot be used: check `upload`"))?
            }
            (Entry::Basic(secret), Whose::Own) => {
                headers.push((header::AUTHORIZATION.as_str(), secret.expose().to_owned()));
                url.to_owned()
            }
            (Entry::Basic(_), Whose::Made) | (Entry::Open, _) => url.to_owned(),
        };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // It would tell what it cannot read, which may be a secret.
        let unusable = |_| Refusal::transient("its address cannot be used: check where it leads to");
        match ask {
            Ask::Put(..) => {
                let mut body = Body::open(self.file, &self.hash, &self.target.throttle, self.stop)?;
                let request = request.body(SendBody::from_reader(&mut body)).map_err(unusable)?;
                let response = self.run(request);
                // What the file lacks is no fault of the line.
                body.into_fault().map_or(response, Err)
            }
            Ask::Head | Ask::Get => self.run(request.body(SendBody::none()).map_err(unusable)?),
        }
    }

    fn headers(&self, ask: Ask) -> Vec<(&'static str, String)> {
        let is_s3 = matches!(self.target.entry, Entry::S3(_));
        let mut headers = Vec::new();
        match ask {
            Ask::Put(when, expect) => {
                headers.push(("content-type", self.file.content_type().to_owned()));
                headers.push(("content-length", self.file.bytes.to_string()));
                if !is_s3 {
                    headers.push(("content-digest", format!("sha-256=:{}:", STANDARD.encode(self.hash))));
                }
                if when == When::NotThere {
                    headers.push(("if-none-match", "*".to_owned()));
                }
                if expect == Expect::Continue && self.file.bytes > 0 {
                    headers.push(("expect", "100-continue".to_owned()));
                }
            }
            Ask::Head | Ask::Get => {
                headers.push(("accept-encoding", "identity".to_owned()));
                if !is_s3 {
                    headers.push(("want-repr-digest", "sha-256=10".to_owned()));
                }
            }
        }
        headers
    }

    fn run(&self, request: Request<SendBody<'_>>) -> Result<Response<Received>, Refusal> {
        let patience = Some(self.target.patience);
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(self.whole))
            .timeout_per_read(patience)
            .timeout_per_write(patience)
            .timeout_await_100(Some(self.target.wanted))
            .build();
        self.agent.run(request).map_err(|error| match failure::is_of_tls(&error) {
            true => Refusal::transient(failure::why(&error).replace("`ca`", "`upload_ca`")),
            false => http::unanswered(&error),
        })
    }
}

/// The answer to a file that was put.
pub(super) struct Put<'a> {
    target: &'a Target,
    answer: Answer,
    whose: Whose,
}

impl Put<'_> {
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// Whether the target says that it has the file.
    ///
    /// # Errors
    /// Why it does not.
    pub fn taken(&self) -> Result<(), Refusal> {
        match self.answer.status {
            200..=299 => Ok(()),
            _ => Err(refusal(self.target, &self.answer, self.whose, Ask::Put(When::Anyway, Expect::Nothing))),
        }
    }
}

/// What an answer means that is no good one.
fn refusal(target: &Target, answer: &Answer, whose: Whose, ask: Ask) -> Refusal {
    if let Entry::S3(keys) = &target.entry {
        return keys.refusal(answer, target.clock.wall());
    }
    let status = answer.status;
    match (whose, ask) {
        // Services of files say so of much that passes.
        (Whose::Made, _) if status == 400 && s3::code(&answer.body) != Some("EntityTooLarge") => {
            s3::passing(answer)
        }
        (Whose::Made, _) if matches!(status, 401 | 403 | 410) => Refusal::Transient {
            why: format!("the address that it made for this file is not let in, twice over (HTTP {status})"),
            after: answer.retry_after(),
        },
        (_, Ask::Put(..)) => answer.judged().err().unwrap_or_else(|| s3::passing(answer)),
        (_, Ask::Head | Ask::Get) => s3::passing(answer),
    }
}
