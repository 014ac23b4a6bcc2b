use std::fmt;

use crate::core::error::Error;

/// The label of one of `N` classes, counted from 0; it cannot be out of range.
///
/// ```
/// use axonal::data::Class;
///
/// let seven = Class::<10>::new(7)?;
/// assert_eq!(seven.index(), 7);
/// assert_eq!(seven.to_string(), "7");
/// assert!(Class::<10>::new(10).is_err());
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class<const N: usize>(usize);

impl<const N: usize> Class<N> {
    /// The number of classes.
    pub const COUNT: usize = N;

    /// The class with this index.
    ///
    /// # Errors
    ///
    /// [`Error::ClassOutOfRange`] if `index` is not below `N`.
    pub fn new(index: usize) -> Result<Self, Error> {
        if index < N {
            Ok(Self(index))
        } else {
            Err(Error::ClassOutOfRange { class: index, classes: N })
        }
    }

    /// The index, always below `N`.
    pub fn index(self) -> usize {
        self.0
    }

    /// Every class, in order.
    ///
    /// ```
    /// use axonal::data::Class;
    ///
    /// let indices: Vec<usize> = Class::<3>::all().map(Class::index).collect();
    /// assert_eq!(indices, [0, 1, 2]);
    /// ```
    pub fn all() -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator + Clone {
        (0..N).map(Self)
    }
}

/// Class 1 for true, class 0 for false.
impl From<bool> for Class<2> {
    fn from(value: bool) -> Self {
        Self(value.into())
    }
}

impl<const N: usize> TryFrom<usize> for Class<N> {
    type Error = Error;

    fn try_from(index: usize) -> Result<Self, Error> {
        Self::new(index)
    }
}

impl<const N: usize> From<Class<N>> for usize {
    fn from(class: Class<N>) -> usize {
        class.0
    }
}

impl<const N: usize> fmt::Display for Class<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<const N: usize> fmt::Debug for Class<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class<{N}>({})", self.0)
    }
}
