//! What comes before the `csv` crate: lines to skip, comments, white space between cells, and a limit for a row.

use std::io::{self, BufRead, Read};

use super::csv::{Csv, Delimiter};
use crate::core::Error;
use crate::io::source::{Refused, Source};

/// The bytes of a table without its skipped lines and comments.
///
/// Of these only the line ends are left, which the `csv` crate takes for blank lines: so its line numbers are those of the file.
pub(super) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    /// How many lines are still to be skipped.
    skip: usize,
    comment: Option<u8>,
    /// Nothing for white space, of which each run becomes one [`GAP`].
    delimiter: Option<u8>,
    /// Whether there is anything to do at all.
    plain: bool,
    state: State,
    /// White space since the last cell of this line.
    gap: bool,
    after_return: bool,
    ready: Vec<u8>,
    taken: usize,
}

/// What separates cells where it is white space in the file.
pub(super) const GAP: u8 = b'\t';

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    LineStart,
    CellStart,
    Cell,
    Quoted,
    /// Behind a quote within quotes: the end of the cell's text, or the first of two that stand for one.
    QuoteInQuoted,
    Comment,
}

impl<'a> Lines<'a> {
    pub(super) fn open(csv: &Csv, source: Source<'a>) -> Result<Self, Error> {
        let mut content = source.open()?;
        if let Some(found) = content.is_no_table() {
            return Err(source.format_error("beginning", "a table as text", found));
        }
        // Excel's byte order mark.
        if content.beginning.starts_with(b"\xef\xbb\xbf") {
            content.reader.consume(3);
        }
        let delimiter = match csv.delimiter {
            Delimiter::Byte(byte) => Some(byte),
            Delimiter::Whitespace => None,
        };
        Ok(Self {
            reader: content.reader,
            skip: csv.skip,
            comment: csv.comment,
            delimiter,
            plain: csv.skip == 0 && csv.comment.is_none() && delimiter.is_some(),
            state: State::LineStart,
            gap: false,
            after_return: false,
            ready: Vec::new(),
            taken: 0,
        })
    }

    fn step(&mut self, byte: u8) {
        use State::{Cell, CellStart, Comment, LineStart, QuoteInQuoted, Quoted};
        let ends_line = matches!(byte, b'\r' | b'\n') && self.state != Quoted;
        // "\r\n" is one end.
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        let second = after_return && byte == b'\n';
        if self.skip > 0 {
            if matches!(byte, b'\r' | b'\n') {
                self.ready.push(byte);
                self.skip -= usize::from(!second);
            }
            return;
        }
        if ends_line {
            self.ready.push(byte);
            self.gap = false;
            self.state = LineStart;
            return;
        }
        let separates = match self.delimiter {
            Some(delimiter) => byte == delimiter,
            None => matches!(byte, b' ' | b'\t'),
        };
        match self.state {
            Comment => return,
            LineStart if self.comment == Some(byte) => {
                self.state = Comment;
                return;
            }
            LineStart | CellStart | Cell | QuoteInQuoted if separates => {
                if self.delimiter.is_some() {
                    self.ready.push(byte);
                    self.state = CellStart;
                } else if self.state != LineStart {
                    // Not before the first cell; and after the last one, it is never written.
                    self.gap = true;
                    self.state = CellStart;
                }
                return;
            }
            LineStart | CellStart => self.state = if byte == b'"' { Quoted } else { Cell },
            Quoted if byte == b'"' => self.state = QuoteInQuoted,
            Quoted | Cell => {}
            QuoteInQuoted => self.state = if byte == b'"' { Quoted } else { Cell },
        }
        if std::mem::take(&mut self.gap) {
            self.ready.push(GAP);
        }
        self.ready.push(byte);
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.plain {
            return self.reader.read(bytes);
        }
        while self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
            let input = self.reader.fill_buf()?.to_vec();
            if input.is_empty() {
                return Ok(0);
            }
            input.iter().for_each(|byte| self.step(*byte));
            self.reader.consume(input.len());
        }
        let ready = &self.ready[self.taken..];
        let count = ready.len().min(bytes.len());
        bytes[..count].copy_from_slice(&ready[..count]);
        self.taken += count;
        Ok(count)
    }
}

/// A reader that ends with an error where a row becomes too long: a row is held in memory whole, and a file of kilobytes can
/// hold one of gigabytes.
pub(super) struct Limited<R> {
    reader: R,
    given: u64,
    allowed: u64,
    limit: u64,
}

/// How much the `csv` crate reads ahead.
pub(super) const AHEAD: usize = 1 << 16;

impl<R> Limited<R> {
    pub(super) fn new(reader: R, limit: u64) -> Self {
        Self { reader, given: 0, allowed: 0, limit }
    }

    /// A row begins at this byte.
    pub(super) fn row_begins(&mut self, byte: u64) {
        self.allowed = byte.saturating_add(self.limit).saturating_add(AHEAD as u64);
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(bytes)?;
        self.given += count as u64;
        if self.given > self.allowed {
            let expected = format!("rows of at most {} bytes (`.row_limit(…)`)", self.limit);
            let found = "a longer one: is a quote left open?";
            // The place is filled in by who knows the line.
            return Err(Refused::error("", expected, found));
        }
        Ok(count)
    }
}
