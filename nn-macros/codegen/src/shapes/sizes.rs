//! Arithmetic and comparison of sizes: with numbers where the macro sees them, as const expressions where it does not.

use std::fmt;

use proc_macro2::TokenStream;
use quote::quote;

use crate::syntax::tree::Size;

impl Size {
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// Whether it is written as this number.
    pub(crate) fn is(&self, number: u64) -> bool {
        matches!(self, Self::Number(value, _) if *value == number)
    }

    pub(crate) fn count(&self) -> Count {
        match self {
            Self::Number(value, _) => Count::Known(u128::from(*value)),
            Self::Constant { text, .. } => Count::Written(text.clone()),
            Self::Unknown => Count::Unknown,
        }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        match (self.is(0), other.is(0)) {
            (_, true) => self.clone(),
            (true, _) => other.clone(),
            _ => self.computed(other, "+", u64::saturating_add, |a, b| quote!(#a + #b)),
        }
    }

    /// The difference, or 0 if that would be negative: whether a size is large enough is a [`Condition`].
    pub(crate) fn minus(&self, other: &Self) -> Self {
        if other.is(0) {
            return self.clone();
        }
        self.computed(
            other,
            "-",
            u64::saturating_sub,
            |a, b| quote!(::core::primitive::usize::saturating_sub(#a, #b)),
        )
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        match (self.is(1), other.is(1)) {
            (_, true) => self.clone(),
            (true, _) => other.clone(),
            _ => self.computed(other, "*", u64::saturating_mul, |a, b| quote!(#a * #b)),
        }
    }

    pub(crate) fn over(&self, other: &Self) -> Self {
        if other.is(1) {
            return self.clone();
        }
        if matches!((self, other), (Self::Constant { text: a, .. }, Self::Constant { text: b, .. }) if a == b)
        {
            return Self::of(1);
        }
        let divide = |a: u64, b: u64| a.checked_div(b).unwrap_or_default();
        self.computed(other, "/", divide, |a, b| quote!(#a / #b))
    }

    pub(crate) fn rest_over(&self, other: &Self) -> Self {
        if other.is(1) {
            return Self::of(0);
        }
        let rest = |a: u64, b: u64| a.checked_rem(b).unwrap_or_default();
        self.computed(other, "%", rest, |a, b| quote!(#a % #b))
    }

    fn computed(
        &self,
        other: &Self,
        operator: &str,
        numbers: impl FnOnce(u64, u64) -> u64,
        rust: impl FnOnce(TokenStream, TokenStream) -> TokenStream,
    ) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Number(a, span), Self::Number(b, _)) => Self::Number(numbers(*a, *b), *span),
            (a, b) => {
                let text = format!("{} {operator} {}", a.left_of(operator), b.operand());
                let expression = rust(a.tokens(), b.tokens());
                // The parentheses keep a block at the beginning from being a statement.
                let place = if let Self::Constant { place, .. } = a { *place } else { b.span() };
                Self::Constant { tokens: quote!({ (#expression) }), text, place }
            }
        }
    }

    fn operand(&self) -> String {
        match self {
            Self::Number(value, _) => value.to_string(),
            Self::Constant { text, .. } if text.contains(' ') => format!("({text})"),
            size => size.to_string(),
        }
    }

    /// As the left side of an operator: `a + b - c` needs no parentheses, `(a + b) * c` does.
    fn left_of(&self, operator: &str) -> String {
        match self {
            Self::Constant { text, .. } if binds_before(text, operator) => text.clone(),
            size => size.operand(),
        }
    }

    pub(crate) fn equals(&self, other: &Self) -> Condition {
        self.compared(other, |a, b| a == b, |a, b| quote!(#a == #b))
    }

    pub(crate) fn at_most(&self, other: &Self) -> Condition {
        self.compared(other, |a, b| a <= b, |a, b| quote!(#a <= #b))
    }

    pub(crate) fn divides(&self, other: &Self) -> Condition {
        other.rest_over(self).equals(&Self::of(0))
    }

    /// Equal expressions have equal values, so that all comparisons here hold for them.
    fn compared(
        &self,
        other: &Self,
        numbers: impl FnOnce(u64, u64) -> bool,
        rust: impl FnOnce(TokenStream, TokenStream) -> TokenStream,
    ) -> Condition {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Condition::Known(true),
            (Self::Number(a, _), Self::Number(b, _)) => Condition::Known(numbers(*a, *b)),
            (Self::Constant { text: a, .. }, Self::Constant { text: b, .. }) if a == b => {
                Condition::Known(true)
            }
            (a, b) => {
                let expression = rust(a.tokens(), b.tokens());
                Condition::Written(quote!((#expression)))
            }
        }
    }
}

/// Whether an expression on the left of an operator is one operand without parentheses.
fn binds_before(text: &str, operator: &str) -> bool {
    let mut depth = 0;
    let arithmetic = text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        let outside = match c {
            '+' | '-' => matches!(operator, "+" | "-"),
            c => c.is_alphanumeric() || "_: */%()".contains(c),
        };
        depth > 0 || outside
    });
    arithmetic && !text.contains(" as ")
}

/// A condition on sizes: true, false, or an expression for the compiler.
#[derive(Clone)]
pub(crate) enum Condition {
    Known(bool),
    Written(TokenStream),
}

impl Condition {
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(true), other) | (other, Self::Known(true)) => other,
            (Self::Known(false), _) | (_, Self::Known(false)) => Self::Known(false),
            (Self::Written(a), Self::Written(b)) => Self::Written(quote!(#a && #b)),
        }
    }
}

/// A number of parameters: known, or a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Known(u128),
    Written(String),
    Unknown,
}

impl Count {
    pub(crate) fn times(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.saturating_mul(*b)),
            (a, b) => Self::Written(format!("{} * {}", a.factor(), b.factor())),
        }
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.saturating_add(*b)),
            (Self::Known(0), other) | (other, Self::Known(0)) => other.clone(),
            (a, b) => Self::Written(format!("{a} + {b}")),
        }
    }

    fn factor(&self) -> String {
        match self {
            Self::Written(text) if text.contains(['+', '-', '/', ' ']) => format!("({text})"),
            count => count.to_string(),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => formatter.write_str(&grouped(*value)),
            Self::Written(text) => formatter.write_str(text),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// `100,480`
pub(crate) fn grouped(value: u128) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_numbers_or_formulas() {
        let n = || Count::Written("N".to_owned());
        assert_eq!(Count::Known(2).times(&Count::Known(3)), Count::Known(6));
        assert_eq!(Count::Known(2).times(&n()).plus(&n()).to_string(), "2 * N + N");
        assert_eq!(Count::Known(0).plus(&n()).to_string(), "N");
        assert_eq!(Count::Known(u128::MAX).plus(&Count::Known(1)), Count::Known(u128::MAX));
        assert_eq!(Count::Unknown.plus(&n()), Count::Unknown);
    }
}
