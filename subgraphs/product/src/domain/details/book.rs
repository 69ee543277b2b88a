//! Books.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::{ApiError, ApiResult, Date};

use super::{Details, line, optional_between, optional_line, set, set_optional};
use crate::domain::{Kind, isbn};

/// What only books have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "BookDetailsInput")]
pub struct BookDetails {
    /// Who wrote it, at most 100 characters.
    pub author: String,
    /// Its ISBN as 13 digits. ISBN-10 and hyphens are accepted as input; the check digit must be right.
    pub isbn: Option<String>,
    /// Who published it.
    pub publisher: Option<String>,
    /// The day it was published.
    pub published_on: Option<Date>,
    /// How many pages it has.
    pub pages: Option<i32>,
    /// The language of its text as a BCP 47 tag, such as `en` or `pt-BR`.
    pub language: Option<String>,
}

/// What may change of a book's own fields.
#[derive(Debug, InputObject)]
pub struct BookChanges {
    /// Who wrote it, at most 100 characters.
    pub author: Option<String>,
    /// Its ISBN, with 10 or 13 digits; null removes it.
    pub isbn: MaybeUndefined<String>,
    /// Who published it; null removes it.
    pub publisher: MaybeUndefined<String>,
    /// The day it was published; null removes it.
    pub published_on: MaybeUndefined<Date>,
    /// How many pages it has; null removes it.
    pub pages: MaybeUndefined<i32>,
    /// The language of its text as a BCP 47 tag; null removes it.
    pub language: MaybeUndefined<String>,
}

impl Details for BookDetails {
    const KIND: Kind = Kind::Book;
    type Changes = BookChanges;

    fn checked(mut self) -> ApiResult<Self> {
        self.author = line("input.author", &self.author)?;
        self.isbn = match self.isbn.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) => Some(
                isbn::normalise(text)
                    .map_err(|error| ApiError::bad_input("input.isbn", error.to_string()))?,
            ),
        };
        self.publisher = optional_line("input.publisher", self.publisher)?;
        optional_between("input.pages", self.pages, 1, 100_000)?;
        self.language = optional_line("input.language", self.language)?;
        if let Some(language) = &self.language
            && !is_language_tag(language)
        {
            return Err(ApiError::bad_input(
                "input.language",
                "a language is a BCP 47 tag, such as en or pt-BR",
            ));
        }
        Ok(self)
    }

    fn changed(mut self, changes: BookChanges) -> Self {
        set(&mut self.author, changes.author);
        set_optional(&mut self.isbn, changes.isbn);
        set_optional(&mut self.publisher, changes.publisher);
        set_optional(&mut self.published_on, changes.published_on);
        set_optional(&mut self.pages, changes.pages);
        set_optional(&mut self.language, changes.language);
        self
    }

    fn keywords(&self) -> Vec<String> {
        let optional = [&self.isbn, &self.publisher];
        std::iter::once(&self.author)
            .chain(optional.into_iter().flatten())
            .cloned()
            .collect()
    }
}

/// True for the form of a BCP 47 tag (RFC 5646 section 2.1): a language of 2 or 3 letters, then subtags of 2 to 8
/// letters or digits.
fn is_language_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (2..=8).contains(&subtag.len()) && subtag.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> BookDetails {
        BookDetails {
            author: " Ursula K. Le Guin ".to_owned(),
            isbn: Some("0-306-40615-2".to_owned()),
            publisher: Some("  ".to_owned()),
            published_on: None,
            pages: Some(304),
            language: Some("en-GB".to_owned()),
        }
    }

    #[test]
    fn fields_are_brought_to_their_normal_form() {
        let book = book().checked().unwrap();
        assert_eq!(book.author, "Ursula K. Le Guin");
        assert_eq!(book.isbn.as_deref(), Some("9780306406157"));
        assert_eq!(book.publisher, None);
        assert_eq!(book.keywords(), ["Ursula K. Le Guin", "9780306406157"]);
    }

    #[test]
    fn wrong_fields_name_their_argument() {
        let wrong = [
            (
                BookDetails {
                    author: String::new(),
                    ..book()
                },
                "input.author",
            ),
            (
                BookDetails {
                    isbn: Some("0-306-40615-3".to_owned()),
                    ..book()
                },
                "input.isbn",
            ),
            (
                BookDetails {
                    pages: Some(0),
                    ..book()
                },
                "input.pages",
            ),
            (
                BookDetails {
                    language: Some("english!".to_owned()),
                    ..book()
                },
                "input.language",
            ),
        ];
        for (book, argument) in wrong {
            assert_eq!(
                book.checked().unwrap_err().argument.as_deref(),
                Some(argument)
            );
        }
    }
}
