use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;

/// What a rule knows, as its kind writes it down. Only that kind can read it: what is of no use to it is of use to none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleState(Box<RawValue>);

/// What is written down is no state of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("what is written down of it cannot have come about")]
pub struct NoState;

impl RuleState {
    /// Writes down what a rule knows.
    pub(crate) fn of(known: &impl Serialize) -> Self {
        // What cannot be written is read as no state: the rule then begins anew.
        Self(to_raw_value(known).unwrap_or_default())
    }

    /// Reads what a rule knew.
    ///
    /// # Errors
    /// Where it is of another form.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, NoState> {
        serde_json::from_str(self.0.get()).map_err(|_| NoState)
    }
}
