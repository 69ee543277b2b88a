//! The client's words as a query.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use tantivy::query::{
    AllQuery, AutomatonWeight, BooleanQuery, BoostQuery, DfaWrapper, EnableScoring, FuzzyTermQuery,
    Occur, Query, TermQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Index, Term};
use uuid::Uuid;

use super::fields::{Fields, TOKENIZER, without_marks};
use crate::domain::Criteria;

/// More words than anybody types. Further ones are ignored.
const MOST_WORDS: usize = 12;
/// More words than tell a product from others.
const MOST_WORDS_OF_A_PRODUCT: usize = 24;
/// What a word that only resembles the one typed is worth, beside 1 and more for one that is the same.
const RESEMBLES: f32 = 0.15;

/// A query whose hits contain every word of the text, or one that resembles it, in any field.
pub fn query(
    fields: &Fields,
    criteria: &Criteria,
    index: &Index,
) -> tantivy::Result<Box<dyn Query>> {
    let entity = term_query(fields.entity, criteria.entity.as_str());
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, unscored(entity))];
    let words = words(index, &criteria.text, MOST_WORDS)?;
    let last = words.len().saturating_sub(1);
    for (position, word) in words.iter().enumerate() {
        clauses.push((Occur::Must, word_query(fields, word, position == last)?));
    }
    if words.is_empty() && !criteria.text.trim().is_empty() {
        // Only punctuation: nothing can contain it.
        clauses.push((Occur::MustNot, Box::new(AllQuery)));
    }
    Ok(Box::new(BooleanQuery::new(clauses)))
}

/// A query for products that share words with this text.
pub fn similar(
    fields: &Fields,
    text: &str,
    without: Uuid,
    index: &Index,
) -> tantivy::Result<Box<dyn Query>> {
    let product = term_query(fields.entity, crate::domain::Entity::Product.as_str());
    let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for word in words(index, text, MOST_WORDS_OF_A_PRODUCT)? {
        for (field, boost) in [
            (fields.name, 2.0),
            (fields.keywords, 1.0),
            (fields.category_names, 1.0),
        ] {
            any.push((
                Occur::Should,
                Box::new(BoostQuery::new(scored(field, &word), boost)),
            ));
        }
    }
    let clauses: Vec<(Occur, Box<dyn Query>)> = vec![
        (Occur::Must, unscored(product)),
        (Occur::Must, Box::new(BooleanQuery::new(any))),
        (Occur::MustNot, term_query(fields.id, &without.to_string())),
    ];
    Ok(Box::new(BooleanQuery::new(clauses)))
}

/// The distinct words of a text, cut as the index cuts them.
fn words(index: &Index, text: &str, most: usize) -> tantivy::Result<Vec<String>> {
    let mut analyzer = index.tokenizers().get(TOKENIZER).ok_or_else(|| {
        tantivy::TantivyError::InternalError("the tokenizer is not registered".to_owned())
    })?;
    let text = without_marks(text);
    let mut stream = analyzer.token_stream(&text);
    let mut words: Vec<String> = Vec::new();
    while words.len() < most && stream.advance() {
        if !words.contains(&stream.token().text) {
            words.push(stream.token().text.clone());
        }
    }
    Ok(words)
}

/// One word in any field: the same, resembling it, or, for the last word, which may be unfinished, beginning with it.
fn word_query(fields: &Fields, word: &str, last: bool) -> tantivy::Result<Box<dyn Query>> {
    let weights = [
        (fields.name, 3.0),
        (fields.keywords, 2.0),
        (fields.category_names, 1.5),
        (fields.shop_name, 1.0),
        (fields.description, 0.5),
    ];
    let term = Term::from_field_text(fields.name, word);
    let mut alike = Vec::new();
    let typos = typos_allowed(word);
    if typos > 0 {
        alike.push(FuzzyTermQuery::new(term.clone(), typos, true));
    }
    if last && word.chars().count() >= 2 {
        alike.push(FuzzyTermQuery::new_prefix(term, 0, true));
    }
    let mut automata = Vec::with_capacity(alike.len());
    for query in alike {
        automata.push(Arc::new(query.automaton()?));
    }

    let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for (field, weight) in weights {
        any.push((
            Occur::Should,
            Box::new(BoostQuery::new(scored(field, word), weight)),
        ));
        for automaton in &automata {
            let automaton = automaton.clone();
            let resembling = Resembling { field, automaton };
            any.push((
                Occur::Should,
                Box::new(BoostQuery::new(Box::new(resembling), weight * RESEMBLES)),
            ));
        }
    }
    Ok(Box::new(BooleanQuery::new(any)))
}

/// Words that an automaton accepts, in one field. The automaton is shared by all fields: making it costs more than
/// going through the words of a field with it.
#[derive(Clone)]
struct Resembling {
    field: Field,
    automaton: Arc<DfaWrapper>,
}

impl Debug for Resembling {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Resembling")
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

impl Query for Resembling {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(AutomatonWeight::<DfaWrapper>::new(
            self.field,
            self.automaton.clone(),
        )))
    }
}

/// How many letters of a word may be wrong, missing, extra or swapped with their neighbour.
fn typos_allowed(word: &str) -> u8 {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

fn scored(field: Field, word: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(
        Term::from_field_text(field, word),
        IndexRecordOption::WithFreqs,
    ))
}

fn term_query(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(
        Term::from_field_text(field, text),
        IndexRecordOption::Basic,
    ))
}

/// The same hits with a score of zero.
fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, 0.0))
}
