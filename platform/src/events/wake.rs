//! Wake-ups from PostgreSQL's LISTEN / NOTIFY.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio_postgres::{AsyncMessage, NoTls};
use tokio_util::sync::CancellationToken;

/// The pause before a lost LISTEN connection is made again.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);

/// Wakes whoever waits when a channel of one database is notified.
#[derive(Clone)]
pub struct Wake {
    notify: Arc<Notify>,
}

impl Wake {
    /// Listens to `channel` on a connection of its own until `stop`. The connection is made again when it is
    /// lost, and then everybody is woken, because notifications in between were lost.
    pub fn listen(database_url: &str, channel: &'static str, stop: CancellationToken) -> Wake {
        let notify = Arc::new(Notify::new());
        let woken = notify.clone();
        let url = database_url.to_owned();
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    result = forward(&url, channel, &woken) => {
                        if let Err(error) = result {
                            tracing::warn!(%error, channel, "lost the connection that listens for wake-ups");
                        }
                    }
                }
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        });
        Wake { notify }
    }

    /// Registers for the next wake-up, at once. Call it before looking for work and await the future after: work
    /// that is committed in between wakes, so none is overlooked.
    pub fn armed(&self) -> Pin<Box<Notified<'_>>> {
        let mut notified = Box::pin(self.notify.notified());
        notified.as_mut().enable();
        notified
    }
}

async fn forward(url: &str, channel: &str, woken: &Notify) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let listen = async {
        client.batch_execute(&format!("LISTEN {channel}")).await?;
        woken.notify_waiters();
        std::future::pending::<()>().await;
        Ok::<(), tokio_postgres::Error>(())
    };
    let receive = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(_) = message? {
                woken.notify_waiters();
            }
        }
        Ok(())
    };
    tokio::select! {
        result = listen => result,
        result = receive => result,
    }
}
