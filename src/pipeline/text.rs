//! What a file has of a pipeline beside its weights: lines of fields, as one text.
//!
//! A line is a word and its fields, with tabs between them. In a field, `\t`, `\n`, `\r` and `\\` stand for a tab, ends of lines and a backslash.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::core::Error;

/// The key of the text in `__metadata__`.
pub(super) const KEY: &str = "axonal.pipeline";

/// The lines of a text that is being written.
#[derive(Default)]
#[expect(unnameable_types, reason = "a task has it in methods that are hidden")]
pub struct Writer {
    pub(super) text: String,
}

impl Writer {
    pub(super) fn line(&mut self, word: &str, fields: impl IntoIterator<Item = String>) {
        self.text.push_str(word);
        for field in fields {
            self.text.push('\t');
            for character in field.chars() {
                match character {
                    '\t' => self.text.push_str("\\t"),
                    '\n' => self.text.push_str("\\n"),
                    '\r' => self.text.push_str("\\r"),
                    '\\' => self.text.push_str("\\\\"),
                    other => self.text.push(other),
                }
            }
        }
        self.text.push('\n');
    }
}

/// The lines of a text, one after the other.
#[expect(unnameable_types, reason = "a task has it in methods that are hidden")]
pub struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    rest: &'a str,
    number: usize,
}

/// A line whose word is known.
pub(super) struct Line {
    path: PathBuf,
    number: usize,
    fields: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, rest: text, number: 0 }
    }

    /// The lines that were read.
    pub(super) fn read(&self) -> &'a str {
        &self.text[..self.text.len() - self.rest.len()]
    }

    /// Whether the next line begins with this word.
    pub(super) fn is_at(&self, word: &str) -> bool {
        self.rest.split(['\t', '\n']).next() == Some(word) && !self.rest.is_empty()
    }

    /// The next line, which must begin with this word.
    pub(super) fn next(&mut self, word: &str) -> Result<Line, Error> {
        self.number += 1;
        let (path, number) = (self.path.to_owned(), self.number);
        let mut line = Line { path, number, fields: Vec::new() };
        let Some((text, rest)) = self.rest.split_once('\n') else {
            return Err(line.error(format!("a line `{word}`"), "the end"));
        };
        let mut fields = text.split('\t');
        let found = fields.next().unwrap_or_default();
        if found != word {
            return Err(
                line.error(format!("a line `{word}`"), format!("`{}`", found.escape_debug()))
            );
        }
        line.fields = match fields.map(unescaped).collect() {
            Some(fields) => fields,
            None => return Err(line.error("`\\t`, `\\n`, `\\r` or `\\\\`", "another escape")),
        };
        self.rest = rest;
        Ok(line)
    }

    /// That nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let line = Line { path: self.path.to_owned(), number: self.number + 1, fields: Vec::new() };
        Err(line.error("the end", "another line"))
    }
}

impl Line {
    pub(super) fn all(&self) -> &[String] {
        &self.fields
    }

    pub(super) fn fields<const N: usize>(&self) -> Result<[&str; N], Error> {
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let found = fields.len().to_string();
        fields.try_into().map_err(|_| self.error(format!("{N} fields"), found))
    }

    pub(super) fn finite(&self, text: &str) -> Result<f64, Error> {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.error("a finite number", text))
    }

    pub(super) fn positive(&self, text: &str) -> Result<f64, Error> {
        let number = self.finite(text)?;
        if number > 0.0 { Ok(number) } else { Err(self.error("a number above 0", text)) }
    }

    pub(super) fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        let mut place = String::new();
        // Writing to a string cannot fail.
        let _ = write!(place, "`{KEY}` of `__metadata__`, line {}", self.number);
        Error::Format {
            path: self.path.clone(),
            place,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

fn unescaped(field: &str) -> Option<String> {
    let mut characters = field.chars();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next()? {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(text)
}
