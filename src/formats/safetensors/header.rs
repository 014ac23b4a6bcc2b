//! What a file says of its tensors: JSON, read where it is, without an allocator, whatever the bytes are.
//!
//! The format's own library needs an allocator, and a microcontroller has none. This reads what that reads: `tests/suite/hostile_weights.rs` holds them against
//! each other. A file is looked through once and whole before anything of it is used; afterwards its tensors are read from the text
//! again whenever they are asked for, and nothing can go wrong.

use core::fmt::{self, Write};
use core::str;

use crate::core::weights_error::{Dtype, Flaw};
use crate::io::file_kind::{is_text, kind};

/// Longer headers are refused, as the format's own library does.
const LONGEST: usize = 100_000_000;

/// The bytes before the header, which say how long it is.
const LENGTH: usize = size_of::<u64>();

/// A file that is sound.
#[derive(Clone, Copy)]
pub(crate) struct File<'a> {
    header: &'a str,
    data: &'a [u8],
}

/// A tensor of a file.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Shape<'a>,
    pub(crate) bytes: &'a [u8],
}

impl<'a> File<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Flaw> {
        // The first bytes of a text would be a length beyond that of any file.
        let flaw = |found| {
            let found = if is_text(bytes) { "text, and no weights" } else { found };
            Flaw { found: kind(bytes).unwrap_or(found), byte: None }
        };
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Err(flaw("fewer than 8 bytes"));
        };
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((header, data)) = rest.split_at_checked(length) else {
            return Err(flaw("a header that would end beyond the end of the file"));
        };
        if length > LONGEST {
            return Err(flaw("a header of more than 100 MB"));
        }
        let header = str::from_utf8(header).map_err(|error| Flaw {
            found: "a header that is no UTF-8",
            byte: Some(LENGTH + error.valid_up_to()),
        })?;
        let file = Self { header, data };
        file.check()?;
        Ok(file)
    }

    /// That the header can be read to its end, and that its tensors cover the data, each byte once.
    fn check(&self) -> Result<(), Flaw> {
        // They do if the places where tensors begin are those where tensors end, but for the first beginning and the last end. The tensors need not
        // be in order, and there is no room to sort them: so sums of the places are compared, each place scattered over all numbers.
        let mut balance = 0_u64;
        let mut tensors = self.tensors();
        let data = self.data.as_ptr_range();
        while let Some(tensor) = tensors.next_or_flaw()? {
            let tensor = tensor.bytes.as_ptr_range();
            let place = |at: *const u8| scatter(at.addr() - data.start.addr());
            balance = balance.wrapping_add(place(tensor.start)).wrapping_sub(place(tensor.end));
        }
        let whole = scatter(0).wrapping_sub(scatter(self.data.len()));
        if balance == whole {
            return Ok(());
        }
        Err(Flaw { found: "tensors that overlap, or data that belong to none of them", byte: None })
    }

    /// The tensors, as the header has them.
    pub(crate) fn tensors(&self) -> Tensors<'a> {
        Tensors { file: *self, at: 0, state: State::Start, metadata: None }
    }

    /// What `__metadata__` has under a key: of several, the last, as in the format's own library.
    #[cfg(any(feature = "train", feature = "files"))]
    pub(crate) fn metadata(&self, key: impl fmt::Display) -> Option<Text<'a>> {
        let mut tensors = self.tensors();
        while tensors.metadata.is_none() && tensors.next().is_some() {}
        let (mut place, mut found) = (Tensors { at: tensors.metadata?, ..tensors }, None);
        // The file is sound: this says the same again.
        let _ = place.each_of_metadata(&mut |name, value| {
            if name.is_displayed_by(&key) {
                found = Some(value);
            }
        });
        found
    }
}

/// One of the numbers of 64 bits, each as likely: the end of [SplitMix](https://prng.di.unimi.it/splitmix64.c).
fn scatter(place: usize) -> u64 {
    let mixed = (place as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[derive(Clone, Copy)]
enum State {
    Start,
    Between,
    End,
}

/// A place in a header, from which its tensors are read.
#[derive(Clone, Copy)]
pub(crate) struct Tensors<'a> {
    file: File<'a>,
    at: usize,
    state: State,
    /// Where the value of `__metadata__` begins, if it was met.
    metadata: Option<usize>,
}

impl<'a> Iterator for Tensors<'a> {
    type Item = Stored<'a>;

    fn next(&mut self) -> Option<Stored<'a>> {
        self.next_or_flaw().unwrap_or(None)
    }
}

impl<'a> Tensors<'a> {
    fn next_or_flaw(&mut self) -> Result<Option<Stored<'a>>, Flaw> {
        loop {
            match self.state {
                State::Start => {
                    self.expect(b'{', "no `{` at the beginning of the header")?;
                    self.state = State::Between;
                    if self.accept(b'}') {
                        return self.end();
                    }
                }
                State::Between => {
                    if self.accept(b'}') {
                        return self.end();
                    }
                    self.expect(b',', "no `,` or `}` behind a tensor")?;
                }
                State::End => return Ok(None),
            }
            let name = self.string()?;
            self.expect(b':', "no `:` behind a name")?;
            if !name.is("__metadata__") {
                return self.tensor(name).map(Some);
            }
            if self.metadata.is_some() {
                return Err(self.flaw("`__metadata__` twice"));
            }
            self.metadata = Some(self.at);
            self.each_of_metadata(&mut |_, _| {})?;
        }
    }

    /// Nothing but white space may follow.
    fn end(&mut self) -> Result<Option<Stored<'a>>, Flaw> {
        self.state = State::End;
        match self.peek() {
            None => Ok(None),
            Some(_) => Err(self.flaw("something behind the end of the header's JSON")),
        }
    }

    /// Calls `visit` with each key and value of an object of strings; it may be `null`.
    fn each_of_metadata(&mut self, visit: &mut dyn FnMut(Text<'a>, Text<'a>)) -> Result<(), Flaw> {
        const FLAW: &str = "`__metadata__` that is no object of strings";
        self.peek();
        if self.file.header[self.at..].starts_with("null") {
            self.at += "null".len();
            return Ok(());
        }
        self.expect(b'{', FLAW)?;
        if self.accept(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':', FLAW)?;
            visit(key, self.string()?);
            if !self.accept(b',') {
                return self.expect(b'}', FLAW);
            }
        }
    }

    fn tensor(&mut self, name: Text<'a>) -> Result<Stored<'a>, Flaw> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        self.expect(b'{', "no `{` at the beginning of a tensor")?;
        loop {
            let key = self.string()?;
            self.expect(b':', "no `:` behind a key")?;
            let twice = if key.is("dtype") {
                let word = self.string()?;
                let known = Dtype::of(word).ok_or_else(|| self.flaw("an unknown `dtype`"))?;
                dtype.replace(known).is_some()
            } else if key.is("shape") {
                shape.replace(self.shape()?).is_some()
            } else if key.is("data_offsets") {
                offsets.replace(self.offsets()?).is_some()
            } else {
                return Err(self.flaw("a key other than `dtype`, `shape` and `data_offsets`"));
            };
            if twice {
                return Err(self.flaw("a key twice"));
            }
            if !self.accept(b',') {
                self.expect(b'}', "no `,` or `}` in a tensor")?;
                break;
            }
        }
        let (Some(dtype), Some(shape), Some((begin, end))) = (dtype, shape, offsets) else {
            return Err(self.flaw("a tensor without `dtype`, `shape` or `data_offsets`"));
        };
        let Some(bytes) = self.file.data.get(begin..end) else {
            return Err(self.flaw("`data_offsets` beyond the end of the file"));
        };
        let numbers = shape.sizes().try_fold(1_usize, usize::checked_mul);
        let bits = numbers.and_then(|numbers| numbers.checked_mul(dtype.bits()));
        if bits != bytes.len().checked_mul(8) {
            return Err(self.flaw("`data_offsets` that do not fit the `shape` and the `dtype`"));
        }
        Ok(Stored { name, dtype, shape, bytes })
    }

    fn shape(&mut self) -> Result<Shape<'a>, Flaw> {
        const FLAW: &str = "a `shape` that is no list of numbers";
        self.expect(b'[', FLAW)?;
        let start = self.at;
        if !self.accept(b']') {
            loop {
                self.number()?;
                if !self.accept(b',') {
                    self.expect(b']', FLAW)?;
                    break;
                }
            }
        }
        Ok(Shape(&self.file.header[start..self.at - 1]))
    }

    fn offsets(&mut self) -> Result<(usize, usize), Flaw> {
        const FLAW: &str = "`data_offsets` that are not two numbers";
        self.expect(b'[', FLAW)?;
        let begin = self.number()?;
        self.expect(b',', FLAW)?;
        let end = self.number()?;
        self.expect(b']', FLAW)?;
        Ok((begin, end))
    }

    fn number(&mut self) -> Result<usize, Flaw> {
        self.peek();
        let rest = &self.file.header[self.at..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let digits = &rest[..digits];
        if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
            return Err(self.flaw("something else than a whole number"));
        }
        let number = digits.parse().map_err(|_| self.flaw("a number that is too large"))?;
        self.at += digits.len();
        Ok(number)
    }

    fn string(&mut self) -> Result<Text<'a>, Flaw> {
        self.expect(b'"', "no string where one belongs")?;
        let start = self.at;
        let bytes = self.file.header.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0..0x20) => return Err(self.flaw("a control character in a string")),
                Some(_) => self.at += 1,
                None => return Err(self.flaw("a string without an end")),
            }
        }
        self.at += 1;
        Ok(Text(&self.file.header[start..self.at - 1]))
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self) -> Result<(), Flaw> {
        let bytes = &self.file.header.as_bytes()[self.at..];
        let unit = |bytes: &[u8]| match bytes {
            [b'\\', b'u', a, b, c, d, ..] => hexadecimal([*a, *b, *c, *d].map(char::from)),
            _ => None,
        };
        self.at += match bytes {
            [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            _ => match unit(bytes) {
                // Two halves of a character.
                Some(0xd800..0xdc00) if matches!(unit(&bytes[6..]), Some(0xdc00..0xe000)) => 12,
                Some(0..0xd800 | 0xe000..) => 6,
                _ => return Err(self.flaw("a wrong escape in a string")),
            },
        };
        Ok(())
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.file.header.as_bytes()[self.at..];
        let next = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.at += next.unwrap_or(rest.len());
        self.file.header.as_bytes().get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, byte: u8, found: &'static str) -> Result<(), Flaw> {
        if self.accept(byte) { Ok(()) } else { Err(self.flaw(found)) }
    }

    fn flaw(&self, found: &'static str) -> Flaw {
        Flaw { found, byte: Some(LENGTH + self.at) }
    }
}

/// Four hexadecimal digits.
fn hexadecimal(digits: [char; 4]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + digit.to_digit(16)?))
}

/// A string of JSON, as it stands between the quotation marks.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    pub(crate) fn chars(self) -> Chars<'a> {
        Chars(self.0.chars())
    }

    pub(crate) fn is(self, text: &str) -> bool {
        self.chars().eq(text.chars())
    }

    /// Whether it is what something displays as.
    pub(crate) fn is_displayed_by(self, shown: impl fmt::Display) -> bool {
        let mut rest = Rest(self.chars());
        write!(rest, "{shown}").is_ok() && rest.0.next().is_none()
    }

    /// Whether it is the name of a tensor under a prefix: begins with it and a full stop. Every name is under an empty one.
    pub(crate) fn is_under(self, prefix: &str) -> bool {
        let mut rest = Rest(self.chars());
        prefix.is_empty() || rest.write_str(prefix).is_ok() && rest.0.next() == Some('.')
    }

    /// What stands behind the last full stop.
    pub(crate) fn last(self) -> Chars<'a> {
        let mut rest = self.chars();
        let mut last = rest.clone();
        while let Some(character) = rest.next() {
            if character == '.' {
                last = rest.clone();
            }
        }
        last
    }
}

/// The characters that a [`Text`] stands for.
#[derive(Clone)]
pub(crate) struct Chars<'a>(str::Chars<'a>);

impl Chars<'_> {
    fn unit(&mut self) -> Option<u32> {
        hexadecimal([self.0.next()?, self.0.next()?, self.0.next()?, self.0.next()?])
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let character = self.0.next()?;
        if character != '\\' {
            return Some(character);
        }
        match self.0.next()? {
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => match self.unit()? {
                high @ 0xd800..0xdc00 => {
                    // The other half, behind `\u`.
                    self.0.nth(1);
                    let low = self.unit()?;
                    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low.checked_sub(0xdc00)?)
                }
                unit => char::from_u32(unit),
            },
            other => Some(other),
        }
    }
}

/// The rest of a text. Writing to it compares: an error if the written text is not the next part of it.
struct Rest<'a>(Chars<'a>);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.0.next() != Some(character) {
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

/// A shape, as it stands between the brackets.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a>(&'a str);

impl<'a> Shape<'a> {
    pub(crate) fn sizes(self) -> impl Iterator<Item = usize> + use<'a> {
        // Nothing is left out: an empty text is an empty shape, and anything else was found to be numbers.
        self.0.split(',').filter_map(|size| size.trim().parse().ok())
    }
}
