//! One pass over the documents that contain the words: filters, counts and the best page.

use std::collections::{BinaryHeap, HashMap};

use souk_platform::geo::Coordinates;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use crate::domain::{Criteria, Near, Order, SortKey};

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// The page, and one hit more when there is one.
    pub hits: Vec<Candidate>,
    /// How many documents fit.
    pub total: u64,
    /// See [`Facets`].
    pub facets: Facets,
}

/// A document that may be on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its place.
    pub key: SortKey,
    /// How far it is, when a place was asked for.
    pub distance_km: Option<f64>,
}

/// How many documents would fit for each value of a filter, the other filters as they are: what a client shows beside
/// its check boxes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Facets {
    /// By kind.
    pub kinds: HashMap<String, u64>,
    /// By category id.
    pub categories: HashMap<String, u64>,
    /// That can be bought now.
    pub in_stock: u64,
    /// That cannot.
    pub out_of_stock: u64,
    /// The lowest and highest price by currency, in minor units.
    pub prices: HashMap<String, (i64, i64)>,
}

/// Collects what fits the criteria.
pub struct Collect<'a> {
    criteria: &'a Criteria,
}

impl<'a> Collect<'a> {
    /// A collector for these criteria.
    pub fn new(criteria: &'a Criteria) -> Collect<'a> {
        Collect { criteria }
    }

    fn scores(&self) -> bool {
        self.criteria.order == Order::Best && !self.criteria.text.trim().is_empty()
    }
}

impl Collector for Collect<'_> {
    type Fruit = Found;
    type Child = Segment;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<Segment> {
        let columns = reader.fast_fields();
        let criteria = self.criteria;
        let text = |name: &str| -> tantivy::Result<Text> { Text::new(columns.str(name)?) };
        let kind = text("kind")?;
        let category = text("category")?;
        let shop = text("shop")?;
        let currency = text("currency")?;
        let wanted_price = match criteria.price {
            Some(range) => Some((
                range.min,
                range.max,
                currency.ordinal(range.currency.as_str())?,
            )),
            None => None,
        };
        Ok(Segment {
            wanted_kinds: wanted(&kind, criteria.kinds.iter().map(|kind| (*kind).to_owned()))?,
            wanted_categories: wanted(
                &category,
                criteria.categories.iter().map(ToString::to_string),
            )?,
            wanted_shops: wanted(&shop, criteria.shops.iter().map(ToString::to_string))?,
            wanted_price,
            wanted_stock: criteria.in_stock,
            near: criteria.near,
            order: if criteria.order == Order::Best && !self.scores() {
                Order::Newest
            } else {
                criteria.order
            },
            after: criteria.after,
            limit: criteria.limit + 1,
            kind_counts: vec![0; kind.len()],
            category_counts: vec![0; category.len()],
            price_ranges: vec![None; currency.len()],
            kind,
            category,
            shop,
            currency,
            id_high: columns.u64("id_high")?,
            id_low: columns.u64("id_low")?,
            price: columns.i64("price")?,
            in_stock: columns.bool("in_stock")?,
            created: columns.i64("created")?,
            latitude: columns.f64("latitude")?,
            longitude: columns.f64("longitude")?,
            best: BinaryHeap::new(),
            total: 0,
            stock_counts: (0, 0),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.scores()
    }

    fn merge_fruits(&self, fruits: Vec<Found>) -> tantivy::Result<Found> {
        let mut merged = Found::default();
        for fruit in fruits {
            merged.total += fruit.total;
            merged.hits.extend(fruit.hits);
            let facets = &mut merged.facets;
            for (kind, count) in fruit.facets.kinds {
                *facets.kinds.entry(kind).or_default() += count;
            }
            for (category, count) in fruit.facets.categories {
                *facets.categories.entry(category).or_default() += count;
            }
            for (currency, (low, high)) in fruit.facets.prices {
                let range = facets.prices.entry(currency).or_insert((low, high));
                *range = (range.0.min(low), range.1.max(high));
            }
            facets.in_stock += fruit.facets.in_stock;
            facets.out_of_stock += fruit.facets.out_of_stock;
        }
        merged.hits.sort_by_key(|hit| hit.key);
        merged.hits.truncate(self.criteria.limit + 1);
        Ok(merged)
    }
}

/// A column of texts in one segment, where each distinct text has a number.
struct Text {
    column: Option<StrColumn>,
}

impl Text {
    fn new(column: Option<StrColumn>) -> tantivy::Result<Text> {
        Ok(Text { column })
    }

    fn len(&self) -> usize {
        self.column
            .as_ref()
            .map_or(0, |column| column.dictionary().num_terms())
    }

    fn ordinal(&self, text: &str) -> tantivy::Result<Option<u64>> {
        match &self.column {
            Some(column) => Ok(column.dictionary().term_ord(text.as_bytes())?),
            None => Ok(None),
        }
    }

    fn of(&self, doc: DocId) -> impl Iterator<Item = u64> + '_ {
        self.column
            .iter()
            .flat_map(move |column| column.term_ords(doc))
    }

    /// The counts by text instead of number.
    fn named<T: Clone>(&self, counts: &[T], wanted: impl Fn(&T) -> bool) -> HashMap<String, T> {
        let mut named = HashMap::new();
        let Some(column) = &self.column else {
            return named;
        };
        for (ordinal, count) in counts.iter().enumerate() {
            let mut text = String::new();
            let known = column
                .ord_to_str(ordinal as u64, &mut text)
                .unwrap_or(false);
            if known && !text.is_empty() && wanted(count) {
                named.insert(text, count.clone());
            }
        }
        named
    }
}

/// The numbers of the wanted texts; `None` when everything is wanted.
fn wanted(
    text: &Text,
    values: impl ExactSizeIterator<Item = String>,
) -> tantivy::Result<Option<Vec<u64>>> {
    if values.len() == 0 {
        return Ok(None);
    }
    let mut ordinals = Vec::with_capacity(values.len());
    for value in values {
        // A text that no document of this segment has fits none.
        ordinals.extend(text.ordinal(&value)?);
    }
    Ok(Some(ordinals))
}

/// Collects within one segment.
pub struct Segment {
    wanted_kinds: Option<Vec<u64>>,
    wanted_categories: Option<Vec<u64>>,
    wanted_shops: Option<Vec<u64>>,
    wanted_price: Option<(i64, i64, Option<u64>)>,
    wanted_stock: Option<bool>,
    near: Option<Near>,
    order: Order,
    after: Option<SortKey>,
    limit: usize,
    kind: Text,
    category: Text,
    shop: Text,
    currency: Text,
    id_high: Column<u64>,
    id_low: Column<u64>,
    price: Column<i64>,
    in_stock: Column<bool>,
    created: Column<i64>,
    latitude: Column<f64>,
    longitude: Column<f64>,
    best: BinaryHeap<Ranked>,
    total: u64,
    kind_counts: Vec<u64>,
    category_counts: Vec<u64>,
    stock_counts: (u64, u64),
    price_ranges: Vec<Option<(i64, i64)>>,
}

/// A candidate, the last one of the page on top of the heap.
struct Ranked(Candidate);

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.key.cmp(&other.0.key)
    }
}

fn fits_any(wanted: Option<&[u64]>, mut values: impl Iterator<Item = u64>) -> bool {
    wanted.is_none_or(|wanted| values.any(|value| wanted.contains(&value)))
}

impl Segment {
    fn fits_price(&self, doc: DocId) -> bool {
        let Some((min, max, currency)) = self.wanted_price else {
            return true;
        };
        let same_currency = currency.is_some() && self.currency.of(doc).next() == currency;
        same_currency
            && self
                .price
                .values_for_doc(doc)
                .any(|price| (min..=max).contains(&price))
    }

    fn distance_km(&self, doc: DocId, near: &Near) -> Option<f64> {
        let positions = self
            .latitude
            .values_for_doc(doc)
            .zip(self.longitude.values_for_doc(doc));
        positions
            .map(|(latitude, longitude)| {
                near.centre.distance_km(Coordinates {
                    latitude,
                    longitude,
                })
            })
            .min_by(f64::total_cmp)
    }

    /// Counts the document where it fits, each facet's own filter left out.
    fn count(
        &mut self,
        doc: DocId,
        kind: bool,
        category: bool,
        stock: bool,
        price: bool,
        in_stock: bool,
    ) {
        let misses = [kind, category, stock, price]
            .into_iter()
            .filter(|fits| !fits)
            .count();
        if misses > 1 {
            return;
        }
        let all = misses == 0;
        if all || !kind {
            for ordinal in self.kind.of(doc) {
                self.kind_counts[ordinal as usize] += 1;
            }
        }
        if all || !category {
            for ordinal in self.category.of(doc) {
                self.category_counts[ordinal as usize] += 1;
            }
        }
        if all || !stock {
            match in_stock {
                true => self.stock_counts.0 += 1,
                false => self.stock_counts.1 += 1,
            }
        }
        if all || !price {
            let prices = self.price.values_for_doc(doc);
            let range = prices.fold(None, |range: Option<(i64, i64)>, price| {
                Some(range.map_or((price, price), |(low, high)| {
                    (low.min(price), high.max(price))
                }))
            });
            if let (Some(currency), Some((low, high))) = (self.currency.of(doc).next(), range) {
                let known = &mut self.price_ranges[currency as usize];
                *known = Some(known.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
            }
        }
    }

    fn sort_key(&self, doc: DocId, score: Score, distance_km: Option<f64>) -> SortKey {
        let id = (u128::from(self.id_high.first(doc).unwrap_or(0)) << 64)
            | u128::from(self.id_low.first(doc).unwrap_or(0));
        let key = match self.order {
            // The bits of a positive float grow with it.
            Order::Best => u64::from(u32::MAX - score.max(0.0).to_bits()),
            Order::Newest => {
                u64::MAX - u64::try_from(self.created.first(doc).unwrap_or(0)).unwrap_or(0)
            }
            Order::Cheapest => self
                .price
                .values_for_doc(doc)
                .min()
                .and_then(|price| u64::try_from(price).ok())
                .unwrap_or(u64::MAX),
            // Whole millimetres, so that a cursor is exact.
            Order::Nearest => distance_km.map_or(u64::MAX, |km| (km * 1e6) as u64),
        };
        (key, id)
    }

    fn offer(&mut self, candidate: Candidate) {
        if self.after.is_some_and(|after| candidate.key <= after) {
            return;
        }
        if self.best.len() == self.limit {
            match self.best.peek() {
                Some(last) if candidate.key < last.0.key => self.best.pop(),
                _ => return,
            };
        }
        self.best.push(Ranked(candidate));
    }
}

impl SegmentCollector for Segment {
    type Fruit = Found;

    fn collect(&mut self, doc: DocId, score: Score) {
        if !fits_any(self.wanted_shops.as_deref(), self.shop.of(doc)) {
            return;
        }
        let distance_km = match self.near {
            Some(near) => match self.distance_km(doc, &near) {
                Some(distance) if distance <= near.radius_km => Some(distance),
                _ => return,
            },
            None => None,
        };
        let in_stock = self.in_stock.first(doc).unwrap_or(false);
        let kind = fits_any(self.wanted_kinds.as_deref(), self.kind.of(doc));
        let category = fits_any(self.wanted_categories.as_deref(), self.category.of(doc));
        let stock = self.wanted_stock.is_none_or(|wanted| wanted == in_stock);
        let price = self.fits_price(doc);
        self.count(doc, kind, category, stock, price, in_stock);
        if kind && category && stock && price {
            self.total += 1;
            let key = self.sort_key(doc, score, distance_km);
            self.offer(Candidate { key, distance_km });
        }
    }

    fn harvest(self) -> Found {
        let prices = self.currency.named(&self.price_ranges, Option::is_some);
        Found {
            hits: self.best.into_iter().map(|ranked| ranked.0).collect(),
            total: self.total,
            facets: Facets {
                kinds: self.kind.named(&self.kind_counts, |count| *count > 0),
                categories: self
                    .category
                    .named(&self.category_counts, |count| *count > 0),
                in_stock: self.stock_counts.0,
                out_of_stock: self.stock_counts.1,
                prices: prices
                    .into_iter()
                    .filter_map(|(currency, range)| Some((currency, range?)))
                    .collect(),
            },
        }
    }
}
