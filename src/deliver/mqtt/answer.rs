//! What a broker's reason code means for the message that it acknowledges.

use super::{super::Refusal, client::Reason};

/// What it means for what was published to this topic: only a refusal of this very message is for good.
///
/// # Errors
/// [`Refusal`] where it was not taken.
pub(super) fn judged(reason: Reason, topic: &str) -> Result<(), Refusal> {
    match reason {
        Reason::SUCCESS | Reason::NO_SUBSCRIBERS => Ok(()),
        reason if reason.is_of_message() => Err(refused(reason)),
        Reason(code) => {
            let what = match reason {
                Reason::NOT_AUTHORIZED => {
                    return Err(Refusal::transient(format!(
                        "the broker does not let this user publish here (0x87): allow it to publish to {topic}"
                    )));
                }
                Reason::QUOTA_EXCEEDED => {
                    "says that a quota is used up (0x97): see which it is, and raise it"
                }
                Reason::RETAIN_NOT_SUPPORTED => {
                    "keeps no retained messages (0x9A), which the status of a box is: allow them"
                }
                Reason(0x83) => "refuses it for a reason of its own (0x83): its log may tell which",
                Reason(0x80) => "refuses it and does not say why (0x80): its log may tell",
                _ => {
                    return Err(Refusal::transient(format!(
                        "the broker refuses it with reason code 0x{code:02X}"
                    )));
                }
            };
            Err(Refusal::transient(format!("the broker {what}")))
        }
    }
}

/// A refusal of this very message.
pub(super) fn refused(reason: Reason) -> Refusal {
    Refusal::permanent(match reason {
        Reason::TOPIC_INVALID => "the broker refuses this message's topic (0x90)".to_owned(),
        Reason::TOO_LARGE => "this message is larger than the broker takes (0x95)".to_owned(),
        Reason::FORMAT_INVALID => "the broker refuses this message's format (0x99)".to_owned(),
        Reason(code) => format!("the broker refuses this message (0x{code:02X})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_the_message_is_for_good() {
        for code in 0..=u8::MAX {
            let judged = judged(Reason(code), "firewarden/v1/lf-027/lane-3/violation");
            match code {
                0x00 | 0x10 => assert_eq!(judged, Ok(())),
                0x90 | 0x95 | 0x99 => {
                    assert!(matches!(judged, Err(Refusal::Permanent { .. })), "{code}: {judged:?}");
                }
                _ => assert!(matches!(judged, Err(Refusal::Transient { .. })), "{code}: {judged:?}"),
            }
            if let Err(refusal) = judged {
                let said = refusal.to_string();
                assert!(said.contains(&format!("0x{code:02X}")) && !said.contains('#'), "{said}");
                assert_eq!(said.contains("lane-3/violation"), code == 0x87, "{said}");
            }
        }
    }
}
