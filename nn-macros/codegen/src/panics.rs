//! A panic is a mistake of this crate. The compiler would say no more than that a macro panicked: the error in its place has the panic's
//! message and place, and asks for a report.

use std::any::Any;
use std::cell::Cell;
use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use proc_macro2::TokenStream;
use quote::quote;

thread_local! {
    /// The file, line and column of this thread's last panic, which the payload does not have.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// What `expand` gives, or an error that names the macro if `expand` panics.
pub fn caught(name: &str, expand: impl FnOnce() -> TokenStream + UnwindSafe) -> TokenStream {
    remember_places();
    catch_unwind(expand).unwrap_or_else(|payload| {
        let place = PLACE.take().unwrap_or_else(|| "an unknown place".to_owned());
        let authors = match env!("CARGO_PKG_REPOSITORY") {
            "" => "to the authors of `axonal`".to_owned(),
            repository => format!("at {repository}/issues"),
        };
        let message = format!(
            "this is a mistake in `{name}` itself (`{}` at {place}): please report it with the description {authors}",
            text(&*payload)
        );
        quote!(::core::compile_error! { #message })
    })
}

/// The message of a panic: `panic!` makes a `&str` of a literal, and a `String` of everything that is formatted.
fn text(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    literal.or_else(|| payload.downcast_ref().map(String::as_str)).unwrap_or("no message")
}

/// Places are known to the panic hook alone. The hook that was there is called as before.
fn remember_places() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            PLACE.set(info.location().map(ToString::to_string));
            before(info);
        }));
    });
}
