//! Many cameras and too few workers.

use crossbeam::channel::Receiver;

use super::script::{Group, Script, TWO_RULES, camera};
use crate::{
    domain::Record,
    engine::{Action, Actions, Camera, Crew, Desk, Event, WhenFull, worker::Order},
    source::Part,
};

/// A camera at its desk, and what became of it.
struct Seat {
    camera: Camera,
    desk: Desk,
    script: Script,
    parts: std::vec::IntoIter<Part>,
    /// So many parts come in a second.
    a_second: usize,
    /// Orders of it that were carried out.
    carried: usize,
    /// When its looks were, in seconds.
    looks: Vec<f64>,
}

impl Seat {
    /// A camera that sends so many groups in a second, with pictures 0.2 s apart, for 120 s.
    fn new(crew: &Crew, a_second: u32, ebike: u32) -> Self {
        let group = Group { pictures: 5 / a_second, continued: false, hole: 0, begins: false };
        let script = Script {
            groups: vec![group; 120 * a_second as usize],
            step: 200_000,
            damaged: [].into(),
            failing: [].into(),
            car: 0,
            ebike,
            grows: false,
            broken: None,
            sized: None,
        };
        Self {
            camera: camera(WhenFull::Newest, 2, TWO_RULES),
            desk: crew.desk(),
            parts: script.parts().into_iter(),
            script,
            a_second: a_second as usize,
            carried: 0,
            looks: Vec::new(),
        }
    }

    fn take(&mut self, event: Event) {
        let mut actions = Actions::new();
        self.camera.take(event, &mut actions);
        for action in actions {
            match action {
                Action::Look(ticket, job) => self.desk.hand_in(ticket, job),
                Action::Tell(Record::Observation(look), _) => self.looks.push(look.at.as_secs_f64()),
                _ => {}
            }
        }
    }

    /// A second of its source. Nothing of it may wait with who sends it.
    fn send(&mut self) {
        for _ in 0..self.a_second {
            let part = self.parts.next();
            if let Some(Part::Epoch { .. }) = &part {
                self.take(Event::Part(part.expect("an epoch")));
                let first = self.parts.next().expect("a group");
                self.take(Event::Part(first));
            } else if let Some(part) = part {
                assert!(
                    self.camera.wants_part(),
                    "{} carried out, last look {:?}",
                    self.carried,
                    self.looks.last()
                );
                self.take(Event::Part(part));
            }
        }
    }
}

/// Carries out the next order, whosever it is.
fn carry_out(orders: &Receiver<Order>, seats: &mut [Seat]) {
    let Ok(Order { job, reply }) = orders.try_recv() else { return };
    // What is seen depends on the job alone, but for what the script of its camera holds.
    let whose = seats.iter().position(|seat| seat.desk.is_waited_for(&reply)).expect("somebody's");
    reply.give(seats[whose].script.answer(&job));
    seats[whose].carried += 1;
    let answers: Vec<_> = seats[whose].desk.answers().try_iter().collect();
    for (ticket, answer) in answers {
        seats[whose].take(Event::Looked(ticket, answer));
    }
}

#[test]
fn with_too_few_workers_every_camera_is_looked_at_as_often_as_the_others() {
    let (crew, orders) = Crew::without_workers();
    // One sends five times as many groups, and in two an e-bike is seen, which rules want to see more of.
    let mut seats: Vec<Seat> = (0..12)
        .map(|number| Seat::new(&crew, if number == 3 { 5 } else { 1 }, if number < 2 { 0 } else { 1_000 }))
        .collect();
    // A quarter of what comes.
    const A_SECOND: usize = 3;
    for _ in 0..118 {
        seats.iter_mut().for_each(Seat::send);
        (0..A_SECOND).for_each(|_| carry_out(&orders, &mut seats));
    }
    let carried: Vec<usize> = seats.iter().map(|seat| seat.carried).collect();
    let (least, most) = (carried.iter().min().expect("some"), carried.iter().max().expect("some"));
    assert!(most - least <= 1, "each in its turn: {carried:?}");
    assert_eq!(carried.iter().sum::<usize>(), 118 * A_SECOND, "and no worker had nothing to do");
    for (number, seat) in seats.iter().enumerate() {
        let longest = seat.looks.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        // Twelve cameras take four seconds; an order of looks that were not foreseen takes a turn of its own.
        assert!(longest <= 10.0, "{number}: not looked at for {longest} s: {:?}", seat.looks);
        let last = seat.looks.last().expect("looks");
        assert!(*last > 105.0, "{number}: the newest, not what came long ago: {last}");
    }
}
