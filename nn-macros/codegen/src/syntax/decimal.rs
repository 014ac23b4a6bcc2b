//! Numbers with a decimal point: the parameters of activations and initializers.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::quote;

/// A decimal fraction, exact: the parameter of an activation is part of its type, and types hold integers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) numerator: i64,
    /// A power of ten, as small as it can be.
    pub(crate) denominator: i64,
}

impl Decimal {
    pub(crate) const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// A literal such as `0.01`, `1`, `1e-2`, without its sign.
    pub(crate) fn parse(literal: &str) -> Option<Self> {
        let plain: String = literal.chars().filter(|c| *c != '_').collect();
        let plain = plain.strip_suffix("f32").or(plain.strip_suffix("f64")).unwrap_or(&plain);
        let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (plain, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut numerator: i64 = digits.parse().ok()?;
        let mut power = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        if numerator == 0 {
            return Some(Self::ZERO);
        }
        while power < 0 && numerator % 10 == 0 {
            numerator /= 10;
            power += 1;
        }
        let scale = 10_i64.checked_pow(power.unsigned_abs())?;
        if power >= 0 {
            Some(Self { numerator: numerator.checked_mul(scale)?, denominator: 1 })
        } else {
            Some(Self { numerator, denominator: scale })
        }
    }

    pub(crate) fn negated(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }

    #[expect(clippy::cast_precision_loss, reason = "digits that a person typed")]
    pub(crate) fn value(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// As two arguments of a type: `1, 100`.
    pub(crate) fn arguments(self) -> TokenStream {
        let numerator = Literal::i64_unsuffixed(self.numerator.saturating_abs());
        let sign = (self.numerator < 0).then(|| quote!(-));
        let denominator = Literal::i64_unsuffixed(self.denominator);
        quote!(#sign #numerator, #denominator)
    }

    /// As an expression of type `f64`.
    pub(crate) fn expression(self) -> TokenStream {
        let value = Literal::f64_unsuffixed(self.value().abs());
        if self.numerator < 0 { quote!(-#value) } else { quote!(#value) }
    }
}

/// The numbers of `0.1, -2`, or the tokens that are no number.
pub(crate) fn numbers(tokens: TokenStream) -> Result<Vec<Decimal>, TokenStream> {
    let tokens = crate::syntax::tokens::unwrapped(tokens);
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let mut parts: Vec<&[TokenTree]> = tokens.split(is_comma).collect();
    if parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
        .into_iter()
        .map(|part| number(part).ok_or_else(|| part.iter().cloned().collect()))
        .collect()
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')
}

fn number(tokens: &[TokenTree]) -> Option<Decimal> {
    match tokens {
        [TokenTree::Literal(literal)] => Decimal::parse(&literal.to_string()),
        [TokenTree::Punct(minus), TokenTree::Literal(literal)] if minus.as_char() == '-' => {
            Decimal::parse(&literal.to_string()).map(Decimal::negated)
        }
        [TokenTree::Group(group)] => number(&crate::syntax::tokens::unwrapped(group.stream())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_fractions() {
        let parse = |text: &str| Decimal::parse(text).map(|d| (d.numerator, d.denominator));
        assert_eq!(parse("0.01"), Some((1, 100)));
        assert_eq!(parse("1e-2"), Some((1, 100)));
        assert_eq!(parse("0.10"), Some((1, 10)));
        assert_eq!(parse("0.25f32"), Some((25, 100)));
        assert_eq!(parse("1"), Some((1, 1)));
        assert_eq!(parse("1."), Some((1, 1)));
        assert_eq!(parse("2e3"), Some((2000, 1)));
        assert_eq!(parse("0"), Some((0, 1)));
        assert_eq!(parse("0.0e9"), Some((0, 1)));
        assert_eq!(parse("1e99"), None);
        assert_eq!(parse("1e-99999999999"), None);
        assert_eq!(parse("\"1\""), None);
        assert_eq!(parse("99999999999999999999"), None);
        assert_eq!(parse(""), None);
    }
}
