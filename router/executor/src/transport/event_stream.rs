//! Server-sent events that carry a subscription: GraphQL over SSE, distinct connections mode.

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::TransportError;
use super::streaming::Piece;

/// Takes events out of a stream that arrives in pieces.
#[derive(Default)]
pub(super) struct Events {
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// How far the buffer has been searched for the end of a line.
    searched: usize,
    /// The last line ended with a carriage return: a line feed right behind it belongs to that end.
    after_return: bool,
    begun: bool,
}

impl Events {
    /// The next event in `buffer`, which loses what was read. `None` when more has to arrive first.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, TransportError> {
        while let Some(line) = self.line(buffer) {
            if line.is_empty() {
                if let Some(piece) = self.dispatch()? {
                    return Ok(Some(piece));
                }
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':');
            let (field, value) = match colon {
                Some(at) => (&line[..at], &line[at + 1..]),
                None => (&line[..], &[][..]),
            };
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match field {
                b"event" => self.name = value.to_vec(),
                b"data" => {
                    if self.has_data {
                        self.data.push(b'\n');
                    }
                    self.has_data = true;
                    self.data.extend_from_slice(value);
                }
                // A comment has no name; ids and retry times are for clients that reconnect.
                _ => {}
            }
        }
        Ok(None)
    }

    /// How many bytes of an event that is not complete are kept here.
    pub fn held(&self) -> usize {
        self.data.len()
    }

    /// A line without its end: a line feed, a carriage return, or both.
    fn line(&mut self, buffer: &mut BytesMut) -> Option<BytesMut> {
        if self.after_return && !buffer.is_empty() {
            self.after_return = false;
            if buffer[0] == b'\n' {
                let _ = buffer.split_to(1);
            }
        }
        let Some(found) = memchr2(b'\n', b'\r', &buffer[self.searched..]) else {
            self.searched = buffer.len();
            return None;
        };
        let mut line = buffer.split_to(self.searched + found + 1);
        self.searched = 0;
        self.after_return = line.ends_with(b"\r");
        line.truncate(line.len() - 1);
        if !self.begun {
            self.begun = true;
            if line.starts_with(b"\xef\xbb\xbf") {
                let _ = line.split_to(3);
            }
        }
        Some(line)
    }

    fn dispatch(&mut self) -> Result<Option<Piece>, TransportError> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        match &name[..] {
            b"complete" => Ok(Some(Piece::End)),
            b"next" | b"" | b"message" if has_data && !data.is_empty() => {
                Ok(Some(Piece::Event(Bytes::from(data))))
            }
            b"next" => Err(TransportError::Malformed(
                "an event without its data".into(),
            )),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&str]) -> Vec<Piece> {
        let (mut events, mut buffer, mut seen) = (Events::default(), BytesMut::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece.as_bytes());
            while let Some(piece) = events.next(&mut buffer).unwrap() {
                seen.push(piece);
            }
        }
        seen
    }

    fn event(text: &'static str) -> Piece {
        Piece::Event(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn every_end_of_line_wherever_the_stream_is_cut() {
        let expected = [event("{\"a\":1}"), event("{\"b\":\n2}"), Piece::End];
        let lines = "\u{feff}: hello||event: next|data: {\"a\":1}||id: 7|event:next|data:{\"b\":|data: 2}||event: complete|data:||";
        for end in ["\n", "\r\n", "\r"] {
            let text = lines.replace('|', end);
            assert_eq!(events(&[&text]), expected, "{end:?}");
            for cut in 0..text.len() {
                if text.is_char_boundary(cut) {
                    let (start, rest) = text.split_at(cut);
                    assert_eq!(events(&[start, rest]), expected, "{end:?} {cut}");
                }
            }
        }
    }

    #[test]
    fn an_event_without_data_is_refused_and_an_unknown_one_is_not_ours() {
        let mut buffer = BytesMut::from("event: ping\ndata: 1\n\nevent: next\n\n");
        assert!(Events::default().next(&mut buffer).is_err());
        assert_eq!(events(&["event: ping\ndata: 1\n\n\n\n"]), []);
    }
}
