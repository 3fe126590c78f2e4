//! Packets that came by UDP, put back in their order: some overtake others, and some do not come at all.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// For so long a packet waits for those before it. Those of one camera overtake each other within its network, which takes little.
const PATIENCE: Duration = Duration::from_millis(100);
/// So many wait at most.
const MOST: usize = 512;
/// A number that is further ahead is no loss: the camera has begun to count anew.
const LEAP: u16 = 3000;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// This packet.
    Packet(Vec<u8>),
    /// So many packets are missing before the one that comes next.
    Lost(u16),
}

/// Packets by their numbers, which begin anew after 65,535.
#[derive(Debug, Default)]
pub struct Order {
    /// The number of the packet that is due.
    due: Option<u16>,
    /// Packets after that one, in their order.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u16,
    came: Instant,
    packet: Vec<u8>,
}

impl Order {
    /// Takes a packet of this number. One that came before, or too late, counts for nothing.
    pub fn take(&mut self, number: u16, packet: Vec<u8>, now: Instant) {
        let due = *self.due.get_or_insert(number);
        let ahead = number.wrapping_sub(due);
        let behind = due.wrapping_sub(number);
        if ahead > LEAP {
            if behind <= LEAP {
                return;
            }
            // What waits is of a count that is over.
            self.waiting.clear();
            self.due = Some(number);
        }
        let due = self.due.unwrap_or(number);
        let place = |waiting: &Waiting| waiting.number.wrapping_sub(due);
        let at = self.waiting.partition_point(|waiting| place(waiting) < number.wrapping_sub(due));
        if self.waiting.get(at).is_none_or(|waiting| waiting.number != number) {
            self.waiting.insert(at, Waiting { number, came: now, packet });
        }
    }

    /// What comes next; none while what is due may yet come.
    pub fn next(&mut self, now: Instant) -> Option<Next> {
        let due = self.due?;
        let first = self.waiting.front()?.number;
        if first == due {
            self.due = Some(due.wrapping_add(1));
            return self.waiting.pop_front().map(|waiting| Next::Packet(waiting.packet));
        }
        let is_late = self.until().is_some_and(|until| until <= now);
        if is_late || self.waiting.len() > MOST {
            self.due = Some(first);
            return Some(Next::Lost(first.wrapping_sub(due)));
        }
        None
    }

    /// Until when what is due is waited for; none while nothing waits for it.
    pub fn until(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.came).min().map(|came| came + PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What comes of packets of these numbers, each some time after the one before, and how many are told to be lost.
    fn ordered(numbers: &[u16], apart: Duration) -> (Vec<u16>, u32) {
        let (mut order, mut now) = (Order::default(), Instant::now());
        let (mut came, mut lost) = (Vec::new(), 0);
        let mut drain = |order: &mut Order, now| {
            while let Some(next) = order.next(now) {
                match next {
                    Next::Packet(packet) => came.push(u16::from_be_bytes([packet[0], packet[1]])),
                    Next::Lost(number) => lost += u32::from(number),
                }
            }
        };
        for number in numbers {
            order.take(*number, number.to_be_bytes().into(), now);
            drain(&mut order, now);
            now += apart;
        }
        drain(&mut order, now + PATIENCE);
        assert_eq!(order.until(), None, "nothing waits for ever");
        (came, lost)
    }

    const SOON: Duration = Duration::from_millis(1);

    #[test]
    fn packets_come_in_their_order_and_once() {
        assert_eq!(ordered(&[7, 8, 9], SOON), (vec![7, 8, 9], 0));
        assert_eq!(ordered(&[65534, 0, 65535, 1], SOON), (vec![65534, 65535, 0, 1], 0));
        assert_eq!(ordered(&[7, 9, 9, 8, 8, 7, 10], SOON), (vec![7, 8, 9, 10], 0));
    }

    #[test]
    fn what_does_not_come_is_told_once_it_is_late() {
        assert_eq!(ordered(&[7, 8, 11, 12], SOON), (vec![7, 8, 11, 12], 2));
        assert_eq!(ordered(&[65535, 3], SOON), (vec![65535, 3], 3));
        // It is too late for this one.
        assert_eq!(ordered(&[7, 9, 10, 8, 11], PATIENCE), (vec![7, 9, 10, 11], 1));
        let mut order = Order::default();
        let now = Instant::now();
        order.take(1, vec![1], now);
        order.take(3, vec![3], now);
        assert_eq!(order.next(now), Some(Next::Packet(vec![1])));
        assert_eq!((order.next(now), order.until()), (None, Some(now + PATIENCE)));
        assert_eq!(order.next(now + PATIENCE), Some(Next::Lost(1)));
        assert_eq!(order.next(now + PATIENCE), Some(Next::Packet(vec![3])));
    }

    #[test]
    fn a_camera_that_counts_anew_has_lost_nothing() {
        assert_eq!(ordered(&[7, 8, 30_000, 30_001], SOON), (vec![7, 8, 30_000, 30_001], 0));
    }

    #[test]
    fn no_more_wait_than_may() {
        let numbers: Vec<u16> = [0].into_iter().chain(2..2000).collect();
        assert_eq!(ordered(&numbers, Duration::ZERO), (numbers.clone(), 1));
    }

    proptest! {
        #[test]
        fn none_is_told_of_twice_and_the_order_holds(
            first in any::<u16>(),
            steps in prop::collection::vec((0_u16..40, prop::bool::weighted(0.1)), 1..200),
        ) {
            // They leave in their order, some are lost, and each comes a little later than it might.
            let mut numbers: Vec<(u16, u16)> = (0_u16..).zip(&steps)
                .filter(|(at, (_, lost))| *at == 0 || !lost)
                .map(|(at, (delay, _))| (at + if at == 0 { 0 } else { *delay }, at))
                .collect();
            numbers.sort_unstable();
            let numbers: Vec<u16> = numbers.into_iter().map(|(_, at)| first.wrapping_add(at)).collect();
            let (came, lost) = ordered(&numbers, Duration::ZERO);
            let offsets: Vec<u16> = came.iter().map(|number| number.wrapping_sub(first)).collect();
            prop_assert!(offsets.windows(2).all(|two| two[0] < two[1]), "{:?}", offsets);
            prop_assert_eq!(came.len(), numbers.len());
            let last = offsets.last().copied().unwrap_or(0);
            prop_assert_eq!(u32::from(last) + 1, u32::try_from(came.len()).unwrap() + lost);
        }
    }
}
