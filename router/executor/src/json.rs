//! Reads JSON tokens from bytes (RFC 8259), without building anything.

/// Where and why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {at}")]
pub(crate) struct JsonError {
    /// What was wrong.
    pub problem: &'static str,
    /// The offset from the start of the text.
    pub at: usize,
}

/// How deep values may be nested. Deeper ones would exhaust the stack.
pub(crate) const MAX_DEPTH: usize = 512;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether a byte ends the plain part of a string.
#[inline]
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Marks the special bytes of a word by their high bits. The lowest mark is right; those above it may be wrong.
#[inline]
fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    let special = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    special & HIGHS
}

/// Whether none of four words has a special byte.
#[inline]
fn four_are_plain(words: &[u8; 32]) -> bool {
    let mut special = 0;
    for word in words.as_chunks().0 {
        special |= special_bytes(u64::from_le_bytes(*word));
    }
    special == 0
}

/// A position in a text.
pub(crate) struct Cursor<'a> {
    pub text: &'a [u8],
    pub at: usize,
}

impl<'a> Cursor<'a> {
    /// An error here.
    pub fn error(&self, problem: &'static str) -> JsonError {
        JsonError {
            problem,
            at: self.at,
        }
    }

    /// The next byte that is not white space, without going past it.
    #[inline]
    pub fn peek(&mut self) -> Result<u8, JsonError> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(&byte) => return Ok(byte),
                None => return Err(self.error("unexpected end")),
            }
        }
    }

    /// Goes past one expected byte.
    #[inline]
    pub fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), JsonError> {
        if self.peek()? != byte {
            return Err(self.error(problem));
        }
        self.at += 1;
        Ok(())
    }

    /// Goes past `close` if it is next.
    #[inline]
    pub fn closes(&mut self, close: u8) -> Result<bool, JsonError> {
        let closed = self.peek()? == close;
        self.at += usize::from(closed);
        Ok(closed)
    }

    /// After a member or an item: true when there is another one, false when `close` ended the list.
    #[inline]
    pub fn another(&mut self, close: u8) -> Result<bool, JsonError> {
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return Err(self.error("expected a comma or the end of the list or object"));
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// Goes past the end: only white space may follow.
    pub fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Ok(_) => Err(self.error("unexpected text after the end")),
            Err(_) => Ok(()),
        }
    }

    /// Goes past one of `true`, `false`, `null`.
    #[inline]
    pub fn word(&mut self, word: &'static [u8]) -> Result<(), JsonError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.error("unknown word"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Goes past a string, whose opening quote is next, and returns what is between the quotes.
    #[inline]
    pub fn string(&mut self) -> Result<&'a [u8], JsonError> {
        self.at += 1;
        let start = self.at;
        loop {
            self.skip_plain();
            match self.text.get(self.at) {
                Some(b'"') => {
                    let content = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(content);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("unexpected end of a string")),
            }
        }
    }

    /// Goes on to the next quote, backslash or control character. Most strings are either shorter than a word, or so long
    /// that it pays to look at several words at once.
    #[inline]
    fn skip_plain(&mut self) {
        while let Some(word) = self.text[self.at..].first_chunk() {
            let special = special_bytes(u64::from_le_bytes(*word));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
            while let Some(words) = self.text[self.at..].first_chunk::<32>()
                && four_are_plain(words)
            {
                self.at += 32;
            }
        }
        while let Some(&byte) = self.text.get(self.at)
            && !is_special(byte)
        {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.text.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.error("bad unicode escape"));
                }
                self.at += 6;
                Ok(())
            }
            _ => Err(self.error("bad escape")),
        }
    }

    /// Goes past a number and returns its text.
    #[inline]
    pub fn number(&mut self) -> Result<&'a [u8], JsonError> {
        let start = self.at;
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.error("bad number"))
        } else {
            Ok(())
        }
    }

    /// Goes past a value and returns its text.
    pub fn skip_value(&mut self, depth: usize) -> Result<&'a [u8], JsonError> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' | b'[' if depth >= MAX_DEPTH => return Err(self.error("nested too deep")),
            b'{' => self.skip_members(depth)?,
            b'[' => self.skip_items(depth)?,
            b'"' => {
                self.string()?;
            }
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            b'-' | b'0'..=b'9' => {
                self.number()?;
            }
            _ => return Err(self.error("expected a value")),
        }
        Ok(&self.text[start..self.at])
    }

    fn skip_members(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        if self.closes(b'}')? {
            return Ok(());
        }
        loop {
            self.key()?;
            self.skip_value(depth + 1)?;
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    fn skip_items(&mut self, depth: usize) -> Result<(), JsonError> {
        self.at += 1;
        if self.closes(b']')? {
            return Ok(());
        }
        loop {
            self.skip_value(depth + 1)?;
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Goes past a key and its colon.
    #[inline]
    pub fn key(&mut self) -> Result<&'a [u8], JsonError> {
        if self.peek()? != b'"' {
            return Err(self.error("expected a key"));
        }
        let key = self.string()?;
        self.expect(b':', "expected a colon")?;
        Ok(key)
    }
}

/// The content of a string as it is meant; `None` when it is written without escapes, or they are of half a character.
pub(crate) fn unescape(content: &[u8]) -> Option<String> {
    if !content.contains(&b'\\') {
        return None;
    }
    serde_json::from_slice(&[b"\"", content, b"\""].concat()).ok()
}

/// Appends a string as JSON text, with quotes.
pub(crate) fn write_string(out: &mut Vec<u8>, string: &str) {
    out.reserve(string.len() + 2);
    out.push(b'"');
    let mut cursor = Cursor {
        text: string.as_bytes(),
        at: 0,
    };
    loop {
        let plain_from = cursor.at;
        cursor.skip_plain();
        out.extend_from_slice(&cursor.text[plain_from..cursor.at]);
        let Some(&byte) = cursor.text.get(cursor.at) else {
            break;
        };
        cursor.at += 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let hex = |digit: u8| b"0123456789abcdef"[digit as usize];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(text: &[u8]) -> bool {
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_value(0).is_ok() && cursor.end().is_ok()
    }

    #[test]
    fn accepts_and_refuses_what_json_does() {
        for good in [
            "0",
            "-0.5e+10",
            r#""\u00e9\n\"""#,
            " [ 1 , {} , [ ] ] ",
            r#"{"a":{"b":null}}"#,
            "true",
        ] {
            assert!(accepts(good.as_bytes()), "{good}");
        }
        let bad = [
            "",
            "01",
            "1.",
            "-",
            "+1",
            ".5",
            "1e",
            "[1,]",
            "[1 2]",
            "{a:1}",
            r#"{"a"}"#,
            r#"{"a":1,}"#,
            "tru",
            r#""\x""#,
            r#""\u12g4""#,
            "\"a\nb\"",
            "\"abc",
            "nullx",
            "[",
            "{\"a\":",
        ];
        for bad in bad {
            assert!(!accepts(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn refuses_what_is_nested_too_deep() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(accepts(deep(MAX_DEPTH).as_bytes()));
        assert!(!accepts(deep(MAX_DEPTH + 1).as_bytes()));
        assert!(!accepts("[".repeat(1_000_000).as_bytes()));
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"([\[\]{}",:\\ua0-9.eE+\-tfn ]|true|false|null|"[a-z]*"|é){0,24}"#) {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(accepts(text.as_bytes()), known, "{}", text);
        }

        #[test]
        fn strings_survive(string in any::<String>()) {
            let mut out = Vec::new();
            write_string(&mut out, &string);
            prop_assert!(accepts(&out));
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), string);
        }
    }
}
