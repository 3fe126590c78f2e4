//! The sink behind a client that does as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::mpsc, time::timeout};

use super::{
    super::Refusal,
    client::{Client, Concern, Message, Order, Reason, Taken, Told, Trouble},
    outlet::Outlet,
    testing::{about, alert, unheard},
    topics::Topics,
    waits::Waits,
};

/// What a connection does with an alert.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answers(Reason),
    /// It is lost, and with it the connection, for this concern.
    Ends(Concern),
}

/// Connections, each of which does so with the alerts that it is given, and then answers that all is well.
#[derive(Default)]
struct Scripted {
    script: Mutex<VecDeque<Does>>,
    published: Arc<Mutex<Vec<Message>>>,
}

impl Client for Scripted {
    async fn connect(
        &self,
        mut orders: mpsc::Receiver<Order>,
        tell: impl Fn(Told) -> Taken + Send + Sync,
    ) -> Result<(), Trouble> {
        drop(tell(Told::Connected { at_once: 8 }));
        while let Some(order) = orders.recv().await {
            match order {
                Order::Subscribe(topics, answer) => {
                    let _ = answer.send(vec![Reason(1); topics.len()]);
                }
                Order::Disconnect => return Ok(()),
                Order::Publish { message, answer, .. } if message.id.is_none() => {
                    let _ = answer.send(Reason::SUCCESS);
                }
                Order::Publish { message, turn: _turn, answer } => {
                    self.published.lock().expect("whole").push(message);
                    let does = self.script.lock().expect("whole").pop_front();
                    match does.unwrap_or(Does::Answers(Reason::SUCCESS)) {
                        Does::Answers(reason) => drop(answer.send(reason)),
                        Does::Ends(about) => {
                            return Err(Trouble { why: "as it is written".to_owned(), about });
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn outlet(script: &[Does]) -> (Outlet<Scripted>, Arc<Mutex<Vec<Message>>>) {
    let script = Mutex::new(script.iter().copied().collect());
    let client = Scripted { script, ..Scripted::default() };
    let published = Arc::clone(&client.published);
    let about = about(unheard());
    let topics = Topics::new(&about.site, &about.box_id);
    let long = Duration::from_secs(30);
    (
        Outlet::new(
            client,
            topics,
            about,
            Waits {
                connected: long,
                tried: long,
                turn: long,
                acknowledged: long,
                between: Duration::from_millis(50),
            },
        ),
        published,
    )
}

async fn delivered(outlet: &Outlet<Scripted>) -> Result<(), Refusal> {
    timeout(Duration::from_secs(60), outlet.deliver(&alert(1))).await.expect("in time")
}

#[tokio::test]
async fn a_message_is_refused_for_good_only_where_it_was_alone() {
    let ends = Does::Ends(Concern::Message(Reason::TOO_LARGE));
    let (outlet, published) = outlet(&[ends, ends, Does::Answers(Reason::SUCCESS), ends]);
    let first = delivered(&outlet).await;
    assert!(matches!(first, Err(Refusal::Transient { .. })), "others may have been on their way: {first:?}");
    let second = delivered(&outlet).await;
    assert!(matches!(second, Err(Refusal::Permanent { .. })), "it was alone: {second:?}");
    delivered(&outlet).await.expect("delivered");
    let fourth = delivered(&outlet).await;
    assert!(matches!(fourth, Err(Refusal::Transient { .. })), "messages go together again: {fourth:?}");
    let ids: Vec<_> = published.lock().expect("whole").iter().map(|message| message.id).collect();
    assert_eq!(ids, [Some(alert(1).id); 4]);
}

#[tokio::test]
async fn a_connection_that_ends_delivers_nothing() {
    let (outlet, _) = outlet(&[
        Does::Ends(Concern::Connection),
        Does::Ends(Concern::Name),
        Does::Answers(Reason::QUOTA_EXCEEDED),
        Does::Answers(Reason::FORMAT_INVALID),
    ]);
    for _ in 0..2 {
        let lost = delivered(&outlet).await;
        assert_eq!(lost, Err(Refusal::transient("as it is written")));
    }
    assert!(matches!(delivered(&outlet).await, Err(Refusal::Transient { .. })));
    assert!(matches!(delivered(&outlet).await, Err(Refusal::Permanent { .. })));
    delivered(&outlet).await.expect("delivered");
}
