//! The numbers that an optimizer keeps for each parameter: its moments.

use core::ptr;

use crate::core::Scalar;
use crate::kernels::MatrixMut;
use crate::memory::{LINE, zeros};

/// A column-major matrix with one row a parameter and one named column a moment, in one block of memory.
#[derive(Clone, Debug)]
pub(crate) struct Moments<T> {
    pub(super) names: &'static [&'static str],
    /// Rows.
    parameters: usize,
    numbers: Vec<T>,
}

impl<T: Scalar> Moments<T> {
    pub(super) const NONE: Self = Self { names: &[], parameters: 0, numbers: Vec::new() };

    /// Numbers from one column to the next. Each column begins as far from the beginning of a cache line as the parameters do.
    fn stride(&self) -> usize {
        self.parameters.next_multiple_of(LINE / size_of::<T>())
    }

    /// Adds the moments of `names` that are missing, as zeros, and drops those that are not in `names`.
    ///
    /// # Panics
    ///
    /// If two have one name.
    pub(super) fn prepare(&mut self, names: &'static [&'static str], parameters: usize) {
        let is_same = ptr::eq(self.names, names) || self.names == names;
        if is_same && self.parameters == parameters {
            return;
        }
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "an optimizer keeps two moments `{name}`");
        }
        let mut new = Self { names, parameters, numbers: Vec::new() };
        new.numbers = zeros(names.len() * new.stride());
        let mut columns = new.view();
        for (index, name) in names.iter().enumerate() {
            if let Some(old) = self.get(name) {
                columns.column(index).copy_from_slice(old);
            }
        }
        *self = new;
    }

    pub(super) fn clear(&mut self) {
        self.numbers.fill(T::zero());
    }

    /// That of a name, for all parameters.
    pub(super) fn get(&self, name: &str) -> Option<&[T]> {
        self.columns().zip(self.names).find(|(_, found)| **found == name).map(|(column, _)| column)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut [T]> {
        let index = self.names.iter().position(|found| *found == name)?;
        let start = index * self.stride();
        Some(&mut self.numbers[start..][..self.parameters])
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &[T]> {
        let stride = self.stride();
        (0..self.names.len()).map(move |index| &self.numbers[index * stride..][..self.parameters])
    }

    /// All of them, to be changed.
    pub(crate) fn view(&mut self) -> MatrixMut<'_, T> {
        let stride = self.stride();
        MatrixMut::strided(&mut self.numbers, [self.parameters, self.names.len()], stride)
    }
}
