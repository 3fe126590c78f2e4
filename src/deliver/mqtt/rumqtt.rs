//! MQTT 5 by the crate `rumqttc-v5-next`.
//!
//! Each connection has an event loop of its own, so that the crate sends nothing again by itself: what an earlier connection left
//! unacknowledged is dropped with its loop.

mod session;
mod stream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use rumqttc::{
    AckMode, AsyncClient, Broker, ConnAck, ConnectionError, Event, EventLoop, LastWill, LastWillProperties,
    MqttOptions, Packet, PublishNoticeError, PublishOptions, PublishProperties, PublishResult, QoS,
    RetainForwardRule, SubscribeFilter, SubscribeReasonCode, default_socket_connect,
    tokio_rustls::TlsConnector,
};
use rustls::pki_types::ServerName;
use session::NothingOnItsWay;
use stream::Completed;
use tokio::{sync::mpsc, task::spawn_blocking};
use tracing::{Dispatch, instrument::WithSubscriber};

use super::{
    super::tls,
    client::{Client, Kept, Message, Order, Reason, Taken, Told, Trouble},
    trouble,
};
use crate::config::Mqtt;

/// A connection is made within this, with TLS and the broker's answer.
const CONNECT: Duration = Duration::from_secs(10);
/// After so many seconds of silence a broker is asked whether it is there.
const KEEP_ALIVE: u16 = 15;
/// A broker keeps what is meant for a box that is away for so long, in seconds.
const SESSION: u32 = 3_600;
/// No message from a broker is larger, in bytes.
const LARGEST: u32 = 16 << 10;
/// So many messages of a broker may be on their way.
const ARRIVING: u16 = 32;
/// So many messages may be on their way to it, where it takes as many.
const AT_ONCE: u16 = 32;
/// So many requests fit into the crate's queue. Those that are made at once are fewer.
const REQUESTS: usize = 256;

/// Connects to the broker of these settings.
pub(super) struct Rumqtt {
    settings: Mqtt,
    /// What the broker publishes where the connection breaks off; none for nothing.
    last_will: Option<Message>,
}

impl Rumqtt {
    pub fn new(settings: Mqtt, last_will: Option<Message>) -> Self {
        Self { settings, last_will }
    }

    /// How it is connected, and whether by TLS.
    async fn options(&self) -> Result<(MqttOptions, bool), Trouble> {
        let settings = &self.settings;
        let parts = settings.url.parts().ok_or_else(|| Trouble::new("its address cannot be used"))?;
        let is_tls = parts.scheme == "mqtts";
        let port = parts.port.unwrap_or(if is_tls { 8883 } else { 1883 });
        // A certificate names a number of IPv6 without brackets.
        let name = parts.host.trim_start_matches('[').trim_end_matches(']');
        let mut options = MqttOptions::new(settings.client_id.clone(), Broker::tcp(name, port));
        let address = format!("{}:{port}", parts.host);
        let mut network = options.network_options();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(CONNECT.as_secs());
        options.set_network_options(network);
        // TLS is made here, so that what it carries passes through the same hands.
        if is_tls {
            let name = ServerName::try_from(name.to_owned())
                .map_err(|_| Trouble::new("no certificate can be for such a name: check `url`"))?;
            let tls = TlsConnector::from(authorities(settings.ca.clone()).await?);
            options.set_socket_connector(move |_, network| {
                let (address, name, tls) = (address.clone(), name.clone(), tls.clone());
                async move {
                    let stream = default_socket_connect(address, network).await?;
                    Ok(Completed::new(tls.connect(name, stream).await?))
                }
            });
        } else {
            options.set_socket_connector(move |_, network| {
                let address = address.clone();
                async move { Ok(Completed::new(default_socket_connect(address, network).await?)) }
            });
        }
        match (&settings.username, &settings.password) {
            (Some(name), Some(password)) => {
                options.set_credentials(name.clone(), password.expose().to_owned());
            }
            (Some(name), None) => {
                options.set_username(name.clone());
            }
            (None, _) => {}
        }
        options.set_clean_start(false);
        options.set_session_expiry_interval(Some(SESSION));
        options.set_receive_maximum(Some(ARRIVING));
        options.set_max_packet_size(Some(LARGEST));
        options.set_outgoing_inflight_upper_limit(AT_ONCE);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_connect_timeout(CONNECT);
        if let Some(message) = &self.last_will {
            options.set_last_will(last_will(message));
        }
        options.set_ack_mode(AckMode::Manual);
        options.set_session_store(NothingOnItsWay::of(settings.client_id.clone(), SESSION, AT_ONCE));
        Ok((options, is_tls))
    }
}

impl Client for Rumqtt {
    async fn connect(
        &self,
        orders: mpsc::Receiver<Order>,
        tell: impl Fn(Told) -> Taken + Send + Sync,
    ) -> Result<(), Trouble> {
        let (options, tls) = self.options().await?;
        let built = AsyncClient::builder(options).capacity(REQUESTS).try_build();
        let (client, mut events) = built.map_err(|_| Trouble::new("its settings cannot be used"))?;
        let greeting = next(&mut events).await.map_err(|error| trouble::of_connecting(&error, tls))?;
        let Event::Incoming(Packet::ConnAck(greeting)) = greeting else {
            return Err(Trouble::new("the broker does not answer as MQTT 5 wants it"));
        };
        let limits = Limits::of(&greeting)?;
        tell(Told::Connected { at_once: limits.at_once }).await;
        converse(&client, events, orders, limits, tell).await
    }
}

/// What a broker takes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    at_once: u16,
    /// In bytes.
    largest: usize,
}

impl Limits {
    fn of(greeting: &ConnAck) -> Result<Self, Trouble> {
        let told = greeting.properties.as_ref();
        if told.is_some_and(|told| told.max_qos == Some(0)) {
            return Err(Trouble::new(
                "the broker acknowledges nothing (its maximum QoS is 0): allow QoS 1, or take another broker",
            ));
        }
        let at_once = told.and_then(|told| told.receive_max).unwrap_or(u16::MAX).min(AT_ONCE);
        let largest =
            told.and_then(|told| told.max_packet_size).and_then(|bytes| usize::try_from(bytes).ok());
        Ok(Self { at_once, largest: largest.unwrap_or(usize::MAX) })
    }
}

/// What happens next. Nobody hears what the crate logs: it repeats packets, in which a name and a password may stand, as a peer
/// sends them back that is no broker; what matters of it is told by the error.
async fn next(events: &mut EventLoop) -> Result<Event, ConnectionError> {
    events.poll().with_subscriber(Dispatch::none()).await
}

/// Takes orders, and hands on what arrives, until the connection ends.
async fn converse(
    client: &AsyncClient,
    mut events: EventLoop,
    mut orders: mpsc::Receiver<Order>,
    limits: Limits,
    tell: impl Fn(Told) -> Taken + Send + Sync,
) -> Result<(), Trouble> {
    // A broker sends no more before it has some acknowledged, so that no more wait here.
    let (come, mut came) = mpsc::unbounded_channel();
    let mut kept = FuturesUnordered::new();
    let mut answers = FuturesUnordered::new();
    let ended = {
        // A packet may be half written when something else is ready, so that it goes on from there.
        let mut driven = std::pin::pin!(async {
            loop {
                match next(&mut events).await {
                    Ok(Event::Incoming(Packet::Publish(one))) => {
                        let topic = String::from_utf8_lossy(&one.topic).into_owned();
                        let told = tell(Told::Arrived { topic, body: one.payload.to_vec() });
                        let _ = come.send((one, told));
                    }
                    Ok(_) => {}
                    // Only after goodbye was said.
                    Err(ConnectionError::RequestsDone) => return Ok(()),
                    Err(error) => return Err(trouble::of_connection(&error)),
                }
            }
        });
        loop {
            tokio::select! {
                ended = &mut driven => break ended,
                Some(order) = orders.recv() => answers.push(obey(client, order, limits)),
                Some(()) = answers.next() => {}
                Some((one, told)) = came.recv() => kept.push(acknowledge(client, one, told)),
                Some(()) = kept.next() => {}
            }
        }
    };
    // What was acknowledged with the last that came is known; all else is let go of, unanswered. Nothing is taken any longer before
    // turns are given back.
    drop(orders);
    drop(events);
    // What was not acknowledged comes again.
    drop(kept);
    while answers.next().await.is_some() {}
    ended
}

/// Acknowledges what came once it is kept. Where it cannot be, the broker sends it again on the next connection.
async fn acknowledge(client: &AsyncClient, came: rumqttc::Publish, taken: Taken) {
    taken.await;
    let _ = client.ack(&came).await;
}

/// Does as it is told, and hands on the answer, if there is one.
async fn obey(client: &AsyncClient, order: Order, limits: Limits) {
    match order {
        Order::Publish { message, turn: _turn, answer } => {
            if let Some(reason) = publish(client, message, limits).await {
                let _ = answer.send(reason);
            }
        }
        Order::Subscribe(topics, answer) => {
            if let Some(reasons) = subscribe(client, topics).await {
                let _ = answer.send(reasons);
            }
        }
        Order::Disconnect => {
            let _ = client.disconnect_now().await;
        }
    }
}

async fn publish(client: &AsyncClient, message: Message, limits: Limits) -> Option<Reason> {
    let properties = PublishProperties {
        payload_format_indicator: Some(1),
        content_type: Some(message.content.to_owned()),
        user_properties: message.id.map(|id| ("id".to_owned(), id.to_string())).into_iter().collect(),
        ..PublishProperties::default()
    };
    let mut packet = rumqttc::Publish::new(
        message.topic.clone(),
        QoS::AtLeastOnce,
        message.body,
        Some(properties.clone()),
    );
    packet.pkid = u16::MAX;
    // The crate would end the connection.
    if packet.size() > limits.largest {
        return Some(Reason::TOO_LARGE);
    }
    let options = PublishOptions::at_least_once().retain(message.kept == Kept::Yes).properties(properties);
    let sent = client.try_publish_tracked(message.topic, packet.payload, options).ok()?;
    match sent.wait_async().await {
        Ok(PublishResult::Qos1(ack)) => Some(Reason(ack.reason as u8)),
        Err(PublishNoticeError::RetainNotSupported) => Some(Reason::RETAIN_NOT_SUPPORTED),
        Ok(_) | Err(_) => None,
    }
}

async fn subscribe(client: &AsyncClient, topics: Vec<String>) -> Option<Vec<Reason>> {
    let filters = topics.into_iter().map(|topic| {
        let mut filter = SubscribeFilter::new(topic, QoS::AtLeastOnce);
        filter.retain_forward_rule = RetainForwardRule::Never;
        filter
    });
    let sent = client.try_subscribe_many_tracked(filters).ok()?;
    let ack = sent.wait_async().await.ok()?;
    Some(ack.return_codes.iter().map(code).collect())
}

fn code(answer: &SubscribeReasonCode) -> Reason {
    Reason(match answer {
        SubscribeReasonCode::Success(qos) => *qos as u8,
        SubscribeReasonCode::Failure | SubscribeReasonCode::Unspecified => 0x80,
        SubscribeReasonCode::ImplementationSpecific => 0x83,
        SubscribeReasonCode::NotAuthorized => 0x87,
        SubscribeReasonCode::TopicFilterInvalid => 0x8F,
        SubscribeReasonCode::PkidInUse => 0x91,
        SubscribeReasonCode::QuotaExceeded => 0x97,
        SubscribeReasonCode::SharedSubscriptionsNotSupported => 0x9E,
        SubscribeReasonCode::SubscriptionIdNotSupported => 0xA1,
        SubscribeReasonCode::WildcardSubscriptionsNotSupported => 0xA2,
    })
}

fn last_will(message: &Message) -> LastWill {
    let properties = LastWillProperties {
        delay_interval: None,
        payload_format_indicator: Some(1),
        message_expiry_interval: None,
        content_type: Some(message.content.to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };
    let is_kept = message.kept == Kept::Yes;
    LastWill::new(message.topic.clone(), message.body.clone(), QoS::AtLeastOnce, is_kept, Some(properties))
}

/// Reads whom to believe anew, which may take a moment.
async fn authorities(ca: Option<PathBuf>) -> Result<Arc<rustls::ClientConfig>, Trouble> {
    let read = spawn_blocking(move || tls::client_config(ca.as_deref())).await;
    match read {
        Ok(Ok(config)) => Ok(Arc::new(config)),
        Ok(Err(refusal)) => Err(Trouble::new(refusal.to_string())),
        Err(_) => Err(Trouble::new("TLS cannot be used")),
    }
}
