//! Follows the database's changes into the index.

use std::sync::Arc;
use std::time::Duration;

use souk_platform::database::Database;
use souk_platform::events::{ProductSnapshot, ShopSnapshot, StockLevel, Wake};
use souk_platform::{ApiError, ApiResult};
use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{Position, SearchIndex};
use crate::domain::Document;
use crate::store::{self, Changed};

/// How many changes go into one commit of the index.
const BATCH: i64 = 1000;
/// How long one run waits for news.
const WAIT: Duration = Duration::from_millis(500);
/// How long changes are gathered for the next commit after one. A commit costs more than the changes in it, so this
/// bounds what a busy shop costs; a change has a second to become searchable.
const GATHER: Duration = Duration::from_millis(200);

/// Keeps one instance's index up to date.
pub struct Follower {
    database: Database,
    index: Arc<SearchIndex>,
    wake: OnceCell<(Wake, DropGuard)>,
}

impl Follower {
    /// Follows the changes in `database` into `index`.
    pub fn new(database: Database, index: Arc<SearchIndex>) -> Follower {
        Follower {
            database,
            index,
            wake: OnceCell::new(),
        }
    }

    /// Takes over what has changed, then waits a little for more.
    pub async fn run(&self) -> ApiResult<()> {
        let (wake, _) = self
            .wake
            .get_or_init(|| async {
                let stop = CancellationToken::new();
                (
                    Wake::listen(self.database.url(), "search_feed", stop.clone()),
                    stop.drop_guard(),
                )
            })
            .await;
        let armed = wake.armed();
        match self.take_over_all().await {
            Ok(true) => tokio::time::sleep(GATHER).await,
            Ok(false) => {}
            Err(error) => {
                tokio::time::sleep(WAIT).await;
                return Err(error);
            }
        }
        // Running out of time is the normal end of a quiet run.
        let _ = tokio::time::timeout(WAIT, armed).await;
        Ok(())
    }

    /// True if there was anything.
    async fn take_over_all(&self) -> ApiResult<bool> {
        let mut any = false;
        loop {
            match self.take_over().await? {
                Taken::Nothing => return Ok(any),
                Taken::All => return Ok(true),
                Taken::Some => any = true,
            }
        }
    }

    /// Takes over one batch, or all of them when the index is made anew: until that is complete, searches see the old
    /// one.
    async fn take_over(&self) -> ApiResult<Taken> {
        let index = self.index.clone();
        let position = blocking(move || index.position()).await?;
        let mut connection = self.database.get().await?;
        let feed = store::feed(&mut connection).await?;
        let anew = position.generation != feed.generation || position.sequence > feed.sequence;
        if !anew && position.sequence == feed.sequence {
            return Ok(Taken::Nothing);
        }
        drop(connection);
        let mut from = if anew { 0 } else { position.sequence };
        let mut first = anew;
        loop {
            let batch = self.read(from).await.inspect_err(|_| {
                if anew {
                    // What was put in so far must not be seen with what is put in next.
                    self.index.close();
                }
            })?;
            // A change that was overtaken by a later one leaves a gap, so a short batch means that all up to the feed's
            // own number is taken over.
            from = match batch.last {
                Some(last) if batch.full => last,
                last => last.unwrap_or(0).max(feed.sequence),
            };
            let next = Position {
                generation: feed.generation,
                sequence: from,
            };
            let complete = !anew || !batch.full;
            let index = self.index.clone();
            blocking(move || index.apply(&batch.changes, first, complete.then_some(next))).await?;
            if complete {
                return Ok(if batch.full { Taken::Some } else { Taken::All });
            }
            first = false;
        }
    }

    /// The changes after `from`, about [`BATCH`] of them.
    async fn read(&self, from: i64) -> ApiResult<Batch> {
        let mut connection = self.database.get().await?;
        let changed = store::changed_after(&mut connection, from, BATCH).await?;
        let products: Vec<Uuid> = changed.iter().map(|change| change.id).collect();
        let stock = store::stock(&mut connection, &products).await?;
        let mut batch = Batch {
            full: i64::try_from(changed.len()).unwrap_or(0) >= BATCH,
            last: changed.iter().map(|change| change.sequence).max(),
            changes: Vec::with_capacity(changed.len()),
        };
        for change in changed {
            let levels = stock.get(&change.id).map(Vec::as_slice).unwrap_or_default();
            batch.changes.push((change.id, document(change, levels)));
        }
        Ok(batch)
    }
}

/// How much was taken over.
enum Taken {
    /// Nothing had changed.
    Nothing,
    /// There may be more.
    Some,
    /// All there was.
    All,
}

/// Changes that are read together.
struct Batch {
    changes: Vec<(Uuid, Option<Document>)>,
    /// The number of the last of them.
    last: Option<i64>,
    /// Whether there may be more behind it.
    full: bool,
}

/// The document of a snapshot. One that cannot be read is logged and not found: it must not stop the others.
fn document(change: Changed, levels: &[StockLevel]) -> Option<Document> {
    let read = match change.entity.as_str() {
        "PRODUCT" => serde_json::from_value(change.body)
            .map(|product: ProductSnapshot| Document::of_product(product, levels)),
        _ => serde_json::from_value(change.body).map(|shop: ShopSnapshot| Document::of_shop(shop)),
    };
    match read {
        Ok(document) => document,
        Err(error) => {
            tracing::error!(id = %change.id, %error, "a stored snapshot cannot be read");
            None
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(ApiError::internal)?
}
