//! Metrics as text.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use super::metrics::{Kind, METRICS, Metric, Of, Value};
use crate::service::BoxFacts;

/// What the text is.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics as OpenMetrics 1.0 writes them.
///
/// # Errors
/// None that a text in memory has.
pub(super) fn text(facts: BoxFacts) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(facts)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape(BoxFacts);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        METRICS.iter().try_for_each(|metric| tell(metric, &self.0, &mut encoder))
    }
}

fn tell(metric: &Metric, facts: &BoxFacts, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let unit = metric.unit.map(|unit| Unit::Other(unit.to_owned()));
    let kind = match metric.kind {
        Kind::Gauge => MetricType::Gauge,
        Kind::Counter => MetricType::Counter,
        Kind::Info => MetricType::Info,
    };
    let mut family = encoder.encode_descriptor(metric.name, metric.meaning, unit.as_ref(), kind)?;
    let mut told = |labels: &[&str], value: Value| {
        let labels: Vec<(&str, &str)> =
            metric.of.labels().iter().zip(labels).map(|(name, value)| (*name, *value)).collect();
        if labels.is_empty() {
            number(&mut family, metric.kind, value)
        } else {
            number(&mut family.encode_family(&labels)?, metric.kind, value)
        }
    };
    match metric.of {
        Of::Box(of) => of(facts).map_or(Ok(()), |value| told(&[], value)),
        Of::Works(of) => facts.works().map_or(Ok(()), |works| told(&[], of(works, facts))),
        Of::Sink(of) => {
            let mut sinks = facts.works().into_iter().flat_map(|works| &works.database.sinks);
            sinks.try_for_each(|(sink, depth)| told(&[sink], of(depth, facts)))
        }
        Of::Reaction(of) => {
            let mut reactions = facts.works().into_iter().flat_map(|works| &works.reactions);
            reactions.try_for_each(|reaction| told(&[&reaction.what], of(reaction, facts)))
        }
        Of::Served(of) => {
            let mut sinks = facts.works().into_iter().flat_map(|works| &works.delivery);
            sinks.try_for_each(|(sink, served)| told(&[sink.as_str()], of(served, facts)))
        }
        Of::Camera(of) => facts
            .cameras
            .iter()
            .try_for_each(|camera| of(camera).map_or(Ok(()), |value| told(&[camera.camera.as_str()], value))),
        Of::Reason(of) => facts.cameras.iter().try_for_each(|camera| {
            let mut reasons = of(camera).into_iter();
            reasons.try_for_each(|(reason, value)| told(&[camera.camera.as_str(), reason], value))
        }),
        Of::Thread(of) => {
            let mut threads = of(&facts.threads).into_iter();
            threads.try_for_each(|(thread, value)| told(&[thread], value))
        }
        Of::Version => family.encode_info(&[("version", env!("CARGO_PKG_VERSION"))]),
    }
}

fn number(metric: &mut MetricEncoder<'_>, kind: Kind, value: Value) -> fmt::Result {
    match (kind, value) {
        (Kind::Counter, Value::Whole(number)) => metric.encode_counter::<NoLabelSet, _, f64>(&number, None),
        (Kind::Counter, Value::Number(number)) => metric.encode_counter::<NoLabelSet, _, f64>(&number, None),
        (Kind::Gauge | Kind::Info, Value::Whole(number)) => metric.encode_gauge(&number),
        (Kind::Gauge | Kind::Info, Value::Number(number)) => metric.encode_gauge(&number),
    }
}
