//! What a file's times are taken for.

/// Whether the file's timestamps are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// As they are.
    Given,
    /// They come from a nonsensical rate: pictures are counted instead.
    Counted,
}

/// How a group's times go on from those of the group before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jump {
    /// They go back.
    Back,
    /// They leave a hole: nothing was recorded.
    Hole,
    /// They leap further than a recording can be off.
    Leap(i64),
    /// The few packets before were out of time, and nothing was lost: time goes on.
    Again,
}
