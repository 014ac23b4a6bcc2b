//! The shape of a sample: a vector, an image, or what the user's own layer gives.

use std::fmt;
use std::rc::Rc;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::syntax::spans::elsewhere;
use crate::syntax::tokens::written;
use crate::syntax::tree::{Size, first_word};

/// The shape of a sample.
#[derive(Clone)]
pub(crate) enum Shape {
    Vector(Size),
    /// Channels, rows, columns.
    Image(Box<[Size; 3]>),
    /// The output of the user's own layer: a vector or an image, which only the compiler knows.
    Of(Box<OwnShape>),
    /// Several inputs or heads, each with a name.
    Record(Rc<Record>),
    /// Several values behind each other, which is a vector.
    Packed(Rc<[Shape]>),
    /// Unknown after a mistake, which was reported.
    Unknown,
}

/// A struct with a field for each of several inputs or heads.
pub(crate) struct Record {
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Field>,
}

/// One of several inputs or heads.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) shape: Shape,
}

/// What is known of the output of the user's own layers: names of constants, which the compiler computes.
#[derive(Clone)]
pub(crate) struct OwnShape {
    /// The layer that gives it, for messages.
    who: String,
    len: Size,
    /// 1 for a vector, 3 for an image.
    rank: Size,
    /// Channels, rows and columns. The channels of a vector are its numbers, and it has one row and one column.
    sizes: [Size; 3],
}

impl OwnShape {
    /// A condition for the compiler.
    pub(crate) fn is_vector(&self) -> TokenStream {
        let rank = self.rank.tokens();
        quote!(#rank == 1)
    }
}

/// The constants that describe the output of the user's own layer, after the name of the one that checks it.
pub(crate) fn constants_of(check: &Ident) -> [Ident; 4] {
    ["RANK", "CHANNELS", "ROWS", "COLUMNS"]
        .map(|what| format_ident!("{check}_{what}", span = check.span()))
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

    /// The output of the user's own layer: the constant `check`, which the compiler computes, is its length.
    pub(crate) fn of_user(path: &TokenStream, check: &Ident) -> Self {
        let who = written(path.clone());
        let place = first_word(path);
        let constant = |name: &Ident, text| Size::Constant { tokens: quote!(#name), text, place };
        let len = constant(check, format!("the outputs of {who}"));
        let [rank, channels, rows, columns] = &constants_of(check);
        let rank = constant(rank, format!("{who}::RANK"));
        let sizes = [
            constant(channels, format!("{who}::CHANNELS")),
            constant(rows, format!("{who}::ROWS")),
            constant(columns, format!("{who}::COLUMNS")),
        ];
        Self::Of(Box::new(OwnShape { who, len, rank, sizes }))
    }

    /// Outputs of the user's own layers behind each other: the channels of images, or the numbers of vectors.
    pub(crate) fn of_users(parts: &[&Self]) -> Self {
        let parts = parts.iter().filter_map(|part| match part {
            Self::Of(own) => Some(&**own),
            _ => None,
        });
        let parts: Vec<&OwnShape> = parts.collect();
        let sum = |size: fn(&OwnShape) -> &Size| {
            parts.iter().fold(Size::of(0), |sum, part| sum.plus(size(part)))
        };
        let Some(first) = parts.first() else { return Self::Unknown };
        let [_, rows, columns] = first.sizes.clone();
        let who: Vec<&str> = parts.iter().map(|part| part.who.as_str()).collect();
        Self::Of(Box::new(OwnShape {
            who: who.join(" and "),
            len: sum(|part| &part.len),
            rank: first.rank.clone(),
            sizes: [sum(|part| &part.sizes[0]), rows, columns],
        }))
    }

    /// 1 for a vector, 3 for an image, with its channels, rows and columns; none if nothing is known.
    pub(crate) fn dimensions(&self) -> Option<(Size, [Size; 3])> {
        match self {
            Self::Vector(len) => Some((Size::of(1), [len.clone(), Size::of(1), Size::of(1)])),
            Self::Image(sizes) => Some((Size::of(3), (**sizes).clone())),
            Self::Of(own) => Some((own.rank.clone(), own.sizes.clone())),
            Self::Record(_) | Self::Packed(_) | Self::Unknown => None,
        }
    }

    /// As an image, if it may be one.
    pub(crate) fn as_image(&self) -> Self {
        match self {
            Self::Of(own) => Self::Image(Box::new(own.sizes.clone())),
            shape => shape.clone(),
        }
    }

    /// As a vector, if it may be one.
    pub(crate) fn as_vector(&self) -> Self {
        match self {
            Self::Of(own) => Self::Vector(own.len.clone()),
            shape => shape.clone(),
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Vector(size) => size.is_known(),
            Self::Of(own) => own.len.is_known(),
            Self::Image(sizes) => sizes.iter().all(Size::is_known),
            Self::Record(record) => record.fields.iter().all(|field| field.shape.is_known()),
            Self::Packed(parts) => parts.iter().all(Self::is_known),
            Self::Unknown => false,
        }
    }

    /// The number of its elements.
    pub(crate) fn len(&self) -> Size {
        match self {
            Self::Vector(size) => size.clone(),
            Self::Of(own) => own.len.clone(),
            Self::Image(sizes) => sizes[0].times(&sizes[1]).times(&sizes[2]),
            Self::Record(record) => {
                let lengths = record.fields.iter().map(|field| field.shape.len());
                lengths.fold(Size::of(0), |sum, length| sum.plus(&length))
            }
            Self::Packed(parts) => {
                parts.iter().fold(Size::of(0), |sum, part| sum.plus(&part.len()))
            }
            Self::Unknown => Size::Unknown,
        }
    }

    /// One of several inputs, heads or values, and how many numbers stand before it.
    pub(crate) fn part(&self, index: usize) -> Option<(Self, Size)> {
        let parts: Vec<&Self> = match self {
            Self::Record(record) => record.fields.iter().map(|field| &field.shape).collect(),
            Self::Packed(parts) => parts.iter().collect(),
            _ => return None,
        };
        let before = parts.iter().take(index);
        let at = before.fold(Size::of(0), |sum, part| sum.plus(&part.len()));
        parts.get(index).map(|part| ((*part).clone(), at))
    }

    /// The type of a sample.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> TokenStream {
        match self {
            Self::Image(sizes) => {
                let [channels, rows, columns] = [0, 1, 2].map(|index: usize| sizes[index].tokens());
                quote!(#root::Image<#channels, #rows, #columns, #scalar>)
            }
            Self::Of(own) => {
                let OwnShape { rank, sizes, .. } = &**own;
                let rank = rank.tokens();
                let [channels, rows, columns] = [0, 1, 2].map(|index: usize| sizes[index].tokens());
                quote! {
                    <#root::__private::Rank<#rank> as #root::__private::Shaped<
                        #channels, #rows, #columns, #scalar
                    >>::Sample
                }
            }
            Self::Record(record) => {
                let name = elsewhere(&record.name);
                let fields = record.fields.iter().map(|field| field.shape.rust(root, scalar));
                quote!(#name<#(#fields),*>)
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
            Self::Of(own) => format!("output of {}", own.who),
            Self::Record(_) => format!("record of {self}"),
            Self::Packed(_) => format!("vector {self}"),
            Self::Unknown => "?".to_owned(),
        }
    }

    /// `a vector 64`, `an image 6x4x4`
    pub(crate) fn described_with_article(&self) -> String {
        let article = match self {
            Self::Image(_) => "an",
            Self::Of(_) => "the",
            _ => "a",
        };
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
            Self::Of(own) => write!(formatter, "that of {}", own.who),
            Self::Record(record) => {
                for (index, Field { name, shape }) in record.fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{name} {shape}")?;
                }
                Ok(())
            }
            Self::Packed(_) => self.len().fmt(formatter),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}
