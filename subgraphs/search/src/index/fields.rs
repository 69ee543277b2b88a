//! The index's fields.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema,
    TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, RemoveLongFilter, SimpleTokenizer, TextAnalyzer,
};
use tantivy::{Index, TantivyDocument};

use crate::domain::Document;

/// The name of the directory of an index with these fields: change it with them, and old indexes are left alone.
pub const VERSION: &str = "index-2";

/// Words as they are compared: lower case, without accents.
pub const TOKENIZER: &str = "folded";

/// The longest word, in bytes.
const LONGEST_WORD: usize = 60;

/// The fields by name.
#[derive(Clone, Copy)]
pub struct Fields {
    /// The product's or shop's id as text, to replace its document.
    pub id: Field,
    id_high: Field,
    id_low: Field,
    /// `PRODUCT` or `SHOP`.
    pub entity: Field,
    /// Title.
    pub name: Field,
    /// Further words.
    pub keywords: Field,
    /// Names of categories.
    pub category_names: Field,
    /// The shop's name.
    pub shop_name: Field,
    /// Long text.
    pub description: Field,
    kind: Field,
    category: Field,
    shop: Field,
    price: Field,
    currency: Field,
    in_stock: Field,
    created: Field,
    latitude: Field,
    longitude: Field,
}

/// The schema and its fields.
pub fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    let kept_text = text.clone() | STORED;
    let fast = NumericOptions::default() | FAST;
    let fields = Fields {
        id: builder.add_text_field("id", STRING),
        id_high: builder.add_u64_field("id_high", fast.clone()),
        id_low: builder.add_u64_field("id_low", fast.clone()),
        entity: builder.add_text_field("entity", STRING),
        name: builder.add_text_field("name", kept_text.clone()),
        keywords: builder.add_text_field("keywords", kept_text.clone()),
        category_names: builder.add_text_field("category_names", kept_text),
        shop_name: builder.add_text_field("shop_name", text.clone()),
        description: builder.add_text_field("description", text),
        kind: builder.add_text_field("kind", STRING | FAST),
        category: builder.add_text_field("category", STRING | FAST),
        shop: builder.add_text_field("shop", STRING | FAST),
        price: builder.add_i64_field("price", fast.clone()),
        currency: builder.add_text_field("currency", STRING | FAST),
        in_stock: builder.add_bool_field("in_stock", fast.clone() | INDEXED),
        created: builder.add_i64_field("created", fast.clone()),
        latitude: builder.add_f64_field("latitude", fast.clone()),
        longitude: builder.add_f64_field("longitude", fast),
    };
    (builder.build(), fields)
}

/// Makes the index know how words are cut.
pub fn register_tokenizer(index: &Index) {
    let analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build();
    index.tokenizers().register(TOKENIZER, analyzer);
}

/// The text without combining marks: an accent that is a character of its own would end the word otherwise.
pub fn without_marks(text: &str) -> String {
    text.chars()
        .filter(|character| !('\u{300}'..='\u{36f}').contains(character))
        .collect()
}

impl Fields {
    /// What is indexed of a document.
    pub fn document(&self, document: &Document) -> TantivyDocument {
        let mut indexed = TantivyDocument::default();
        indexed.add_text(self.id, document.id.to_string());
        let (high, low) = document.id.as_u64_pair();
        indexed.add_u64(self.id_high, high);
        indexed.add_u64(self.id_low, low);
        indexed.add_text(self.entity, document.entity.as_str());
        indexed.add_text(self.name, without_marks(&document.name));
        for keyword in &document.keywords {
            indexed.add_text(self.keywords, without_marks(keyword));
        }
        for name in &document.category_names {
            indexed.add_text(self.category_names, without_marks(name));
        }
        indexed.add_text(self.shop_name, without_marks(&document.shop_name));
        indexed.add_text(self.description, without_marks(&document.description));
        indexed.add_text(self.kind, &document.kind);
        for category in &document.category_ids {
            indexed.add_text(self.category, category.to_string());
        }
        indexed.add_text(self.shop, document.shop_id.to_string());
        for price in &document.prices {
            indexed.add_i64(self.price, *price);
        }
        if let Some(currency) = document.currency {
            indexed.add_text(self.currency, currency.as_str());
        }
        indexed.add_bool(self.in_stock, document.in_stock);
        indexed.add_i64(self.created, document.created_micros);
        for (latitude, longitude) in &document.positions {
            indexed.add_f64(self.latitude, *latitude);
            indexed.add_f64(self.longitude, *longitude);
        }
        indexed
    }
}
