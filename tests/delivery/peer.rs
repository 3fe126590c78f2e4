//! What tests do to whoever is delivered to.

use crate::certificates::Issued;

/// The user that boxes are, where users are known.
pub const USER: &str = "box";
pub const PASSWORD: &str = "r1ght-passw0rd";

/// Whom a broker lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, who may do everything.
    Everybody,
    /// Boxes by this password.
    Password(&'static str),
    /// Boxes by the right password, and they may publish nothing.
    Nothing,
}

/// A broker.
pub trait Peer {
    /// How it is reached: the keys of a `[[sink]]` beside its name.
    fn sink(&self) -> String;

    /// The same with user and the right password.
    fn sink_with_password(&self) -> String;

    /// Where platforms reach it on loopback.
    fn port_of_platforms(&self) -> u16;

    /// The alerts that have come to the platform behind it, in their order, each as it came.
    fn alerts(&mut self) -> Vec<String>;

    /// As when the power fails.
    fn kill(&mut self);

    /// It ends as an operator ends it.
    fn end(&mut self);

    /// It comes back after one of these.
    fn start_again(&mut self);

    /// It hangs.
    fn freeze(&self);

    /// It goes on.
    fn thaw(&self);

    /// From now on it lets these in.
    fn let_in(&mut self, access: Access);

    /// From now on it shows this certificate.
    fn certify(&mut self, tls: Issued);
}
