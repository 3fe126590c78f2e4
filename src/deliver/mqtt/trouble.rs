//! What is wrong with a connection, in words, and the way out. What a peer sent is not repeated: it may be what it was sent.

use std::{error::Error, io};

use rumqttc::{ConnectReturnCode, ConnectionError, DisconnectReasonCode, StateError, mqttbytes};
use rustls::CertificateError;

use super::{
    super::http,
    client::{Concern, Reason, Trouble},
};

/// Why no connection could be made.
pub(super) fn of_connecting(error: &ConnectionError, tls: bool) -> Trouble {
    let other = if tls { "mqtt:// without TLS" } else { "mqtts:// with TLS" };
    if let Some(error) = rustls_error(error) {
        return Trouble::new(of_tls(error));
    }
    match error {
        ConnectionError::ConnectionRefused(code) => of_refusal(*code),
        ConnectionError::Timeout(_) => Trouble::new(format!(
            "the broker does not answer: check the address and the network; or it wants {other}"
        )),
        ConnectionError::Io(error) => Trouble::new(of_network(error)),
        ConnectionError::MqttState(StateError::Deserialization(
            mqttbytes::Error::InvalidConnectReturnCode(1..=5),
        )) => Trouble::new("the broker speaks an earlier version of MQTT, not MQTT 5: take one that does"),
        ConnectionError::MqttState(StateError::ConnectionAborted | StateError::Io(_)) => {
            Trouble::new(format!(
                "what answers there ends the connection without a word of MQTT 5: is it a broker? Or it wants {other}"
            ))
        }
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
            of_disconnect(*reason_code)
        }
        ConnectionError::NotConnAck(_) | ConnectionError::MqttState(_) => Trouble::new(format!(
            "what answers there does not speak MQTT 5: check the address; or it wants {other}"
        )),
        _ => Trouble::new("no connection with the broker"),
    }
}

/// Why a connection ended.
pub(super) fn of_connection(error: &ConnectionError) -> Trouble {
    use mqttbytes::Error as Odd;
    let ConnectionError::MqttState(error) = error else {
        return Trouble::new("the connection with the broker broke off");
    };
    match error {
        StateError::ServerDisconnect { reason_code, .. } => of_disconnect(*reason_code),
        // Of a reason code that no acknowledgement may have the crate does not tell to what it was, and it calls it by either
        // name. Mosquitto sends 0x95.
        StateError::Deserialization(Odd::InvalidReason(code) | Odd::InvalidConnectReturnCode(code))
            if Reason(*code).is_of_message() =>
        {
            of_message(Reason(*code))
        }
        StateError::Deserialization(Odd::InvalidReason(code) | Odd::InvalidConnectReturnCode(code)) => {
            Trouble::new(format!(
                "the broker answers with a reason code that MQTT 5 does not have there (0x{code:02X})"
            ))
        }
        StateError::Deserialization(Odd::PayloadSizeLimitExceeded { .. })
        | StateError::IncomingPacketTooLarge { .. } => Trouble::new(
            "the broker sends a larger message than it was told to, so that the connection was ended",
        ),
        StateError::Deserialization(_) | StateError::ProtocolViolation(_) => {
            Trouble::new("the broker sends what is no MQTT 5, so that the connection was ended")
        }
        StateError::Unsolicited(_) => {
            Trouble::new("the broker acknowledges what it was not sent, so that the connection was ended")
        }
        StateError::AwaitPingResp => {
            Trouble::new("the broker no longer answers: is it overloaded, or the network down?")
        }
        _ => Trouble::new("the connection with the broker broke off"),
    }
}

fn of_refusal(code: ConnectReturnCode) -> Trouble {
    use ConnectReturnCode as Code;
    Trouble::new(match code {
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => {
            "the broker does not speak MQTT 5 (0x84): take one that does"
        }
        Code::ClientIdentifierNotValid | Code::BadClientId => {
            "the broker does not take this client's name (0x85): write another `client_id`, or allow it there"
        }
        Code::BadUserNamePassword => {
            "the broker does not know this user with this password (0x86): check `username` and `password`"
        }
        Code::NotAuthorized => {
            "the broker does not let this user in (0x87): check `username`, `password` and what the broker allows them"
        }
        Code::ServerUnavailable | Code::ServiceUnavailable => "the broker is not available (0x88)",
        Code::ServerBusy => "the broker is busy (0x89)",
        Code::Banned => "the broker has banned this client (0x8A): lift the ban there",
        Code::BadAuthenticationMethod => {
            "the broker wants another way to sign in than name and password (0x8C)"
        }
        Code::TopicNameInvalid => {
            "the broker does not take the topic of the last will (0x90): allow firewarden/v1/SITE/BOX/status"
        }
        Code::PacketTooLarge => "the broker takes no message as large as the first (0x95): raise its limit",
        Code::QuotaExceeded => {
            "the broker says that a quota is used up (0x97): see which it is, and raise it"
        }
        Code::PayloadFormatInvalid => "the broker does not take the last will (0x99)",
        Code::RetainNotSupported => {
            "the broker keeps no retained messages (0x9A), which the status of a box is: allow them"
        }
        Code::QoSNotSupported => "the broker has no QoS 1 (0x9B), and acknowledges nothing: allow it",
        Code::UseAnotherServer | Code::ServerMoved => MOVED,
        Code::ConnectionRateExceeded => "the broker says that too many connections are made (0x9F)",
        Code::MalformedPacket | Code::ProtocolError => {
            "the broker does not understand what it was sent (0x81, 0x82)"
        }
        Code::UnspecifiedError => {
            "the broker refuses the connection and does not say why (0x80): its log may tell"
        }
        Code::ImplementationSpecificError | Code::Success => {
            "the broker refuses the connection for a reason of its own (0x83): its log may tell which"
        }
    })
}

const MOVED: &str = "the broker names another one to go to (0x9C, 0x9D), which is not followed: write that one's address in `url`";

fn of_disconnect(code: DisconnectReasonCode) -> Trouble {
    use DisconnectReasonCode as Code;
    let why = match code {
        Code::SessionTakenOver => {
            return Trouble {
                why: "another client with the same name has taken the connection (0x8E): no two sinks of one broker may have the \
                      same `client_id`, write another one"
                    .to_owned(),
                about: Concern::Name,
            };
        }
        Code::PacketTooLarge | Code::TopicNameInvalid | Code::PayloadFormatInvalid => {
            return of_message(Reason(code as u8));
        }
        Code::NotAuthorized => {
            "the broker does not allow this user what it does (0x87): allow it the topics of this box and of its cameras, which \
             docs/platform.md lists"
        }
        Code::ServerBusy => "the broker is busy (0x89)",
        Code::ServerShuttingDown => "the broker is shutting down (0x8B)",
        Code::KeepAliveTimeout => "the broker has heard nothing for too long (0x8D): is the network slow?",
        Code::MessageRateTooHigh => "the broker says that too much is sent (0x96): raise its limit",
        Code::QuotaExceeded => {
            "the broker says that a quota is used up (0x97): see which it is, and raise it"
        }
        Code::AdministrativeAction => "somebody has ended the connection at the broker (0x98)",
        Code::RetainNotSupported => {
            "the broker keeps no retained messages (0x9A), which the status of a box is: allow them"
        }
        Code::QoSNotSupported => "the broker has no QoS 1 (0x9B), and acknowledges nothing: allow it",
        Code::UseAnotherServer | Code::ServerMoved => MOVED,
        Code::ConnectionRateExceeded => "the broker says that too many connections are made (0x9F)",
        other => return Trouble::new(format!("the broker has ended the connection (0x{:02X})", other as u8)),
    };
    Trouble::new(why)
}

fn of_message(reason: Reason) -> Trouble {
    let what = match reason {
        Reason::TOO_LARGE => "is too large",
        Reason::TOPIC_INVALID => "has a topic that it does not take",
        _ => "has a format that it does not take",
    };
    let why = format!("the broker says that a message {what} (0x{:02X}) and not which", reason.0);
    Trouble { why, about: Concern::Message(reason) }
}

fn of_network(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "nobody answers at its address: does the broker run there, and is the port right?".to_owned()
        }
        io::ErrorKind::TimedOut => "nobody answers at its address: check it, and the network".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
            "what answers there ends the connection at once: check the port, and whether it wants mqtt:// or mqtts://".to_owned()
        }
        _ if http::is_unknown_host(error) => http::NO_HOST.to_owned(),
        _ => error.to_string(),
    }
}

/// What TLS has against it, as deep as it may lie.
fn rustls_error(error: &ConnectionError) -> Option<&rustls::Error> {
    let mut error: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = error {
        if let Some(found) = one.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let within = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        error = match within {
            Some(within) => Some(within),
            None => one.source(),
        };
    }
    None
}

fn of_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the broker's certificate has expired: renew it there; or this box's clock is wrong".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the broker's certificate is not valid yet: this box's clock may be wrong".to_owned()
            }
            // That of an authority with the same name and another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "no authority that is believed vouches for the broker's certificate: write the file of the one that does as `ca`"
                    .to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the broker's certificate is for another name: write `url` with the name that it is for".to_owned()
            }
            CertificateError::Revoked => "the broker's certificate was revoked: get it another".to_owned(),
            other => format!("the broker's certificate cannot be believed: {other}"),
        },
        rustls::Error::InvalidMessage(_) => {
            "what answers there does not speak TLS: check the port; or it wants mqtt:// without TLS".to_owned()
        }
        other => format!("no TLS connection: {other}"),
    }
}
