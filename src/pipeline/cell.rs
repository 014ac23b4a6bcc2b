//! What a raw row has in a column.

/// A cell of a raw row: a text as in a file, a number, or nothing.
///
/// ```
/// use axonal::pipeline::Cell;
///
/// let row = [("rooms", Cell::from(3)), ("town", "Ulm".into()), ("built", Cell::Missing)];
/// assert_eq!(row[0].1, Cell::Number(3.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell<'a> {
    /// A text: read as a cell of a file is.
    Text(&'a str),
    /// A number; NaN is a missing one.
    Number(f64),
    /// A missing value.
    Missing,
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl From<$number> for Cell<'_> {
            fn from(number: $number) -> Self {
                Self::Number(f64::from(number))
            }
        }
    )*};
}

numbers!(f64 f32 i32 u32);

impl<'a, C: Into<Cell<'a>>> From<Option<C>> for Cell<'a> {
    fn from(cell: Option<C>) -> Self {
        cell.map_or(Self::Missing, Into::into)
    }
}
