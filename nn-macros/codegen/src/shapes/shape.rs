//! The shape of a sample: a vector or an image.

use std::fmt;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::syntax::tokens::written;
use crate::syntax::tree::{Size, first_word};

/// The shape of a sample.
#[derive(Clone)]
pub(crate) enum Shape {
    Vector(Size),
    /// Channels, rows, columns.
    Image(Box<[Size; 3]>),
    /// The output of the user's own layer, a vector: its path, and its length.
    Of(TokenStream, Size),
    /// Unknown after a mistake, which was reported.
    Unknown,
}

impl Shape {
    pub(crate) fn of_sizes(sizes: &[Size]) -> Self {
        match sizes {
            [Size::Unknown] => Self::Unknown,
            [size] => Self::Vector(size.clone()),
            [rows, columns] => Self::Image(Box::new([Size::of(1), rows.clone(), columns.clone()])),
            [channels, rows, columns] => {
                Self::Image(Box::new([channels.clone(), rows.clone(), columns.clone()]))
            }
            _ => Self::Unknown,
        }
    }

    /// The output of the user's own layer: the constant `name`, which the compiler computes, is its length.
    pub(crate) fn of_user(path: &TokenStream, name: &Ident) -> Self {
        let text = format!("the outputs of {}", written(path.clone()));
        let place = first_word(path);
        Self::Of(path.clone(), Size::Constant { tokens: quote!(#name), text, place })
    }

    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Vector(size) | Self::Of(_, size) => size.is_known(),
            Self::Image(sizes) => sizes.iter().all(Size::is_known),
            Self::Unknown => false,
        }
    }

    /// The number of its elements.
    pub(crate) fn len(&self) -> Size {
        match self {
            Self::Vector(size) | Self::Of(_, size) => size.clone(),
            Self::Image(sizes) => sizes[0].times(&sizes[1]).times(&sizes[2]),
            Self::Unknown => Size::Unknown,
        }
    }

    /// The type of a sample.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> TokenStream {
        match self {
            Self::Image(sizes) => {
                let [channels, rows, columns] = [0, 1, 2].map(|index: usize| sizes[index].tokens());
                quote!(#root::Image<#channels, #rows, #columns, #scalar>)
            }
            shape => {
                let size = shape.len().tokens();
                quote!(#root::nalgebra::SVector<#scalar, #size>)
            }
        }
    }

    /// For messages: `vector 64`, `image 6x4x4`.
    pub(crate) fn described(&self) -> String {
        match self {
            Self::Vector(Size::Unknown) => "vector".to_owned(),
            Self::Vector(size) => format!("vector {size}"),
            Self::Image(_) => format!("image {self}"),
            Self::Of(path, _) => format!("vector that {} gives", written(path.clone())),
            Self::Unknown => "?".to_owned(),
        }
    }

    /// `a vector 64`, `an image 6x4x4`
    pub(crate) fn described_with_article(&self) -> String {
        let article = if let Self::Image(_) = self { "an" } else { "a" };
        format!("{article} {}", self.described())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(size) => write!(formatter, "{size}"),
            Self::Image(sizes) => {
                let [channels, rows, columns] = &**sizes;
                write!(formatter, "{channels}x{rows}x{columns}")
            }
            Self::Of(path, _) => write!(formatter, "that of {}", written(path.clone())),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}
