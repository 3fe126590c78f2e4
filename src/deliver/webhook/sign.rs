//! Signatures as Standard Webhooks have them, version 1.0 of the specification
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::config::Secret;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// Signs messages with every secret there is, so that one can take the place of another while both sides change over.
#[derive(Clone)]
pub(super) struct Signer(Vec<Hmac<Sha256>>);

impl Signer {
    /// Signs with these secrets. None where one cannot be used, or there is none.
    pub fn of(secrets: &[Secret]) -> Option<Self> {
        let key = |secret: &Secret| {
            let key = STANDARD.decode(secret.expose().strip_prefix(PREFIX)?).ok()?;
            Hmac::new_from_slice(&key).ok()
        };
        let keys: Vec<_> = secrets.iter().map(key).collect::<Option<_>>()?;
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The header `webhook-signature` of a message that is sent at this second.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let sign = |key: &Hmac<Sha256>| {
            let signed = key.clone().chain_update(format!("{id}.{seconds}.")).chain_update(body);
            format!("v1,{}", STANDARD.encode(signed.finalize().into_bytes()))
        };
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} secrets)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::from(*text)).collect()
    }

    fn signer(texts: &[&str]) -> Signer {
        Signer::of(&secrets(texts)).expect("secrets that can be used")
    }

    /// What the specification's authors publish: with the manual of their service, and with their libraries.
    #[test]
    fn it_signs_as_published() {
        for (secret, id, seconds, body, signature) in [
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
        ] {
            assert_eq!(signer(&[secret]).sign(id, seconds, body), signature);
        }
    }

    #[test]
    fn every_secret_signs_as_another_hand_does() {
        let one = format!("whsec_{}", STANDARD.encode([0xfe; 24]));
        let other = format!("whsec_{}", STANDARD.encode((0..64).collect::<Vec<u8>>()));
        let body = "{\"camera_name\":\"1号楼东侧消防车道\"}";
        let theirs = [&one, &other].map(|secret| {
            let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
            webhook.sign("msg", 1_700_000_000, body.as_bytes()).expect("a signature")
        });
        assert_eq!(signer(&[&one, &other]).sign("msg", 1_700_000_000, body), theirs.join(" "));
    }

    #[test]
    fn what_is_no_secret_does_not_sign() {
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let all: [&[&str]; 4] = [&[], &["whsec_%"], &["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], &[good, "x"]];
        for texts in all {
            assert!(Signer::of(&secrets(texts)).is_none(), "{texts:?}");
        }
        let shown = format!("{:?}", signer(&[good]));
        assert_eq!(shown, "Signer(1 secrets)");
    }
}
