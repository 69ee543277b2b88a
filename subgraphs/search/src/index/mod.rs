//! The full-text index of one instance.

mod collect;
mod fields;
mod follow;
mod text;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use souk_platform::{ApiError, ApiResult};
use tantivy::schema::Value;
use tantivy::{DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};
use uuid::Uuid;

pub use self::collect::{Facets, Found};
use self::fields::Fields;
pub use self::follow::Follower;
use crate::domain::{Criteria, Document, Entity, Order};

/// Memory for documents that are being indexed, in bytes.
const WRITER_MEMORY: usize = 30_000_000;
/// How many pages are remembered, of a few kilobytes each.
const REMEMBERED_PAGES: u64 = 2_000;

/// The index, opened when it is first used.
pub struct SearchIndex {
    directory: PathBuf,
    opening: Mutex<()>,
    open: RwLock<Option<Arc<Open>>>,
}

struct Open {
    /// Pages by the generation of the index and what was asked: many visitors ask the same. What changes in the index
    /// begins a new generation.
    pages: moka::sync::Cache<(u64, Criteria), Arc<Page>>,
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

/// A page of hits.
#[derive(Debug)]
pub struct Page {
    /// The hits in order.
    pub hits: Vec<Hit>,
    /// Whether there are more behind them.
    pub has_next: bool,
    /// How many there are in all.
    pub total: u64,
    /// What the hits have in common, see [`Facets`].
    pub facets: Facets,
}

/// One hit.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The product or shop.
    pub id: Uuid,
    /// Its place in the order.
    pub key: crate::domain::SortKey,
    /// How far it is from the place asked for, in kilometres.
    pub distance_km: Option<f64>,
}

/// How far an index has followed the changes, kept with its every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Position {
    generation: i64,
    sequence: i64,
}

impl Position {
    fn parse(payload: &str) -> Option<Position> {
        let (generation, sequence) = payload.split_once(':')?;
        Some(Position {
            generation: generation.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }

    fn text(self) -> String {
        format!("{}:{}", self.generation, self.sequence)
    }
}

impl SearchIndex {
    /// The index below `directory`. Nothing is opened yet.
    pub fn new(directory: PathBuf) -> SearchIndex {
        SearchIndex {
            directory,
            opening: Mutex::new(()),
            open: RwLock::default(),
        }
    }

    /// The page that [`SearchIndex::search`] would find, if it did so before and nothing has changed since.
    pub fn known(&self, criteria: &Criteria) -> Option<Arc<Page>> {
        let open = self.is_open()?;
        let generation = open.reader.searcher().generation().generation_id();
        open.pages.get(&(generation, criteria.clone()))
    }

    /// A page of hits. Takes up to a few milliseconds of CPU; call it where that may block.
    pub fn search(&self, criteria: &Criteria) -> ApiResult<Arc<Page>> {
        let open = self.open()?;
        let searcher = open.reader.searcher();
        let query =
            text::query(&open.fields, criteria, searcher.index()).map_err(ApiError::internal)?;
        let collector = collect::Collect::new(criteria);
        let Found {
            mut hits,
            total,
            facets,
        } = searcher
            .search(&query, &collector)
            .map_err(ApiError::internal)?;
        let has_next = hits.len() > criteria.limit;
        hits.truncate(criteria.limit);
        let hits = hits
            .into_iter()
            .map(|hit| Hit {
                id: Uuid::from_u128(hit.key.1),
                key: hit.key,
                distance_km: hit.distance_km,
            })
            .collect();
        let page = Arc::new(Page {
            hits,
            has_next,
            total,
            facets,
        });
        let generation = searcher.generation().generation_id();
        open.pages
            .insert((generation, criteria.clone()), page.clone());
        Ok(page)
    }

    /// Products most like this one, best first, without it. Empty when the product is not in the index.
    pub fn similar(&self, product: Uuid, limit: usize) -> ApiResult<Vec<Uuid>> {
        let open = self.open()?;
        let searcher = open.reader.searcher();
        let by_id = tantivy::query::TermQuery::new(
            Term::from_field_text(open.fields.id, &product.to_string()),
            tantivy::schema::IndexRecordOption::Basic,
        );
        let first = tantivy::collector::TopDocs::with_limit(1).order_by_score();
        let found: Vec<(f32, DocAddress)> = searcher
            .search(&by_id, &first)
            .map_err(ApiError::internal)?;
        let Some((_, address)) = found.first() else {
            return Ok(Vec::new());
        };
        let stored: TantivyDocument = searcher.doc(*address).map_err(ApiError::internal)?;
        let words = |field| {
            stored
                .get_all(field)
                .filter_map(|value| value.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let text = [
            words(open.fields.name),
            words(open.fields.keywords),
            words(open.fields.category_names),
        ]
        .join(" ");
        let query = text::similar(&open.fields, &text, product, searcher.index())
            .map_err(ApiError::internal)?;
        let criteria = Criteria {
            entity: Entity::Product,
            text,
            kinds: Vec::new(),
            categories: Vec::new(),
            shops: Vec::new(),
            price: None,
            in_stock: None,
            near: None,
            order: Order::Best,
            after: None,
            limit,
        };
        let collector = collect::Collect::new(&criteria);
        let mut found = searcher
            .search(&query, &collector)
            .map_err(ApiError::internal)?;
        found.hits.truncate(limit);
        Ok(found
            .hits
            .into_iter()
            .map(|hit| Uuid::from_u128(hit.key.1))
            .collect())
    }

    /// Puts in what changed and takes out what must not be found, after everything that is there if `anew`. Searches
    /// see it when a `position` is given.
    fn apply(
        &self,
        changes: &[(Uuid, Option<Document>)],
        anew: bool,
        position: Option<Position>,
    ) -> ApiResult<()> {
        let open = self.open()?;
        let mut writer = open.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let written = write(&mut writer, &open.fields, changes, anew, position);
        if let Err(error) = written {
            return Err(self.broken(error));
        }
        match position {
            Some(_) => open.reader.reload().map_err(|error| self.broken(error)),
            None => Ok(()),
        }
    }

    /// Closes an index that cannot be read or written any more, with all that was not committed.
    fn broken(&self, error: tantivy::TantivyError) -> ApiError {
        self.close();
        ApiError::internal(error)
    }

    /// Lets the next use open the index again, and make it again if it cannot be read any more.
    fn close(&self) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn position(&self) -> ApiResult<Position> {
        let metas = self
            .open()?
            .reader
            .searcher()
            .index()
            .load_metas()
            .map_err(|error| self.broken(error))?;
        Ok(metas
            .payload
            .as_deref()
            .and_then(Position::parse)
            .unwrap_or_default())
    }

    fn is_open(&self) -> Option<Arc<Open>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.clone()
    }

    fn open(&self) -> ApiResult<Arc<Open>> {
        if let Some(open) = self.is_open() {
            return Ok(open);
        }
        let _one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = self.is_open() {
            return Ok(open);
        }
        let opened = self.open_directory().map_err(|error| {
            tracing::error!(directory = %self.directory.display(), %error, "the search index cannot be opened");
            ApiError::new(souk_platform::ErrorCode::Unavailable, "the search index is not available now; try again in a moment")
        })?;
        let opened = Arc::new(opened);
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        Ok(opened)
    }

    /// Opens the index, or makes an empty one. One that cannot be read (another version's, damaged) is made again:
    /// everything in it comes from the database.
    fn open_directory(&self) -> tantivy::Result<Open> {
        let directory = self.directory.join(fields::VERSION);
        std::fs::create_dir_all(&directory)?;
        match self.open_index(&directory) {
            Err(error) if !matches!(error, tantivy::TantivyError::LockFailure(..)) => {
                tracing::warn!(%error, "the search index cannot be read and is made again");
                std::fs::remove_dir_all(&directory)?;
                std::fs::create_dir_all(&directory)?;
                self.open_index(&directory)
            }
            opened => opened,
        }
    }

    fn open_index(&self, directory: &std::path::Path) -> tantivy::Result<Open> {
        let (schema, fields) = fields::schema();
        let index =
            Index::open_or_create(tantivy::directory::MmapDirectory::open(directory)?, schema)?;
        let damaged = index.validate_checksum()?;
        if !damaged.is_empty() {
            let message = format!("damaged files: {damaged:?}");
            return Err(tantivy::TantivyError::InternalError(message));
        }
        fields::register_tokenizer(&index);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let writer = index.writer_with_num_threads(1, WRITER_MEMORY)?;
        Ok(Open {
            pages: moka::sync::Cache::new(REMEMBERED_PAGES),
            fields,
            reader,
            writer: Mutex::new(writer),
        })
    }
}

fn write(
    writer: &mut IndexWriter,
    fields: &Fields,
    changes: &[(Uuid, Option<Document>)],
    anew: bool,
    position: Option<Position>,
) -> tantivy::Result<()> {
    if anew {
        // Not `delete_all_documents`: it takes the writer's operation numbers back to those of its opening, so that
        // earlier deletions would hit documents added later.
        writer.delete_query(Box::new(tantivy::query::AllQuery))?;
    }
    for (id, document) in changes {
        writer.delete_term(Term::from_field_text(fields.id, &id.to_string()));
        if let Some(document) = document {
            writer.add_document(fields.document(document))?;
        }
    }
    if let Some(position) = position {
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&position.text());
        commit.commit()?;
    }
    Ok(())
}
