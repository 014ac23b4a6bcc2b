//! `#[derive(Parameters)]`: the struct is a sequence of scalars in memory, and nothing else.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Field, Fields, GenericParam, Generics, Index, Path, Type, parse_quote,
};

use crate::tokens::located;

/// The implementation, or one error for each mistake.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(|input| implementation(&input))
        .unwrap_or_else(syn::Error::into_compile_error)
}

/// `#[parameters(crate = path, scalar = f32)]`
struct Settings {
    root: Path,
    scalar: Option<Type>,
}

fn implementation(input: &DeriveInput) -> syn::Result<TokenStream> {
    check_layout(input)?;
    let fields = fields(input)?;
    if let Some(field) = fields.iter().find(|field| matches!(field.ty, Type::Reference(_))) {
        return Err(syn::Error::new_spanned(
            &field.ty,
            "`Parameters` holds its numbers itself: a reference is none",
        ));
    }
    let Settings { root, scalar } = settings(input)?;
    let parameter = input.generics.type_params().next().map(|parameter| &parameter.ident);
    let scalar = match (scalar, parameter) {
        (Some(scalar), _) => scalar,
        (None, Some(parameter)) => parse_quote!(#parameter),
        (None, None) => {
            return Err(syn::Error::new_spanned(
                &input.ident,
                "which scalar is it made of? Write `#[parameters(scalar = f32)]`",
            ));
        }
    };
    let name = &input.ident;
    let conditions: Vec<_> =
        input.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let mut generics = input.generics.clone();
    let markers: Vec<&Field> = fields.iter().filter(|field| is_marker(field)).collect();
    let values: Vec<&Field> = fields.iter().filter(|field| !is_marker(field)).collect();
    for parameter in generics.type_params_mut() {
        let is = |ty: &Type| matches!(ty, Type::Path(ty) if ty.path.is_ident(&parameter.ident));
        if is(&scalar) {
            parameter.bounds.push(parse_quote!(#root::Scalar));
        } else if !values.iter().any(|field| is(&field.ty)) {
            // It is in markers; for the type of a field, the bound below says more.
            parameter.bounds.push(parse_quote!(::core::marker::Send));
            parameter.bounds.push(parse_quote!(::core::marker::Sync));
            parameter.bounds.push(parse_quote!('static));
        }
    }
    // The bounds hold the whole proof: a field that is no sequence of the same scalars is an error at its type.
    let clause = generics.make_where_clause();
    let mut checks = Vec::new();
    for field in &values {
        let ty = &known(field)?;
        let span = ty.span();
        if is_generic(ty, &input.generics) {
            let bound = quote_spanned!(span=> #ty: #root::Parameters<Scalar = #scalar>);
            clause.predicates.push(syn::parse2(bound)?);
        } else {
            let root = located(&quote!(#root), span);
            let own =
                quote_spanned!(span=> <&'static #ty as #root::kernels::IsParameters<#ty>>::Scalar);
            checks.push(quote_spanned! {span=>
                let _: fn(#own) -> #scalar = |scalar| scalar;
            });
        }
    }
    let (implementation, arguments, clause) = generics.split_for_impl();
    let markers = markers.iter().map(|field| access(field, &fields));
    let assertions = assertions(input, &scalar, &values, &root)?;
    // `unsafe` has the macro's span, so that it compiles under `#![forbid(unsafe_code)]`.
    let unsafe_ = quote_spanned!(Span::mixed_site()=> unsafe);
    Ok(quote_spanned! {Span::mixed_site()=>
        // SAFETY: `repr(C)`, each field is itself a sequence of the scalar with the scalar's alignment, so nothing is between them.
        #(#conditions)*
        #[automatically_derived]
        #[allow(clippy::all)]
        #unsafe_ impl #implementation #root::Parameters for #name #arguments #clause {
            type Scalar = #scalar;
        }

        #(#conditions)*
        #[allow(dead_code, clippy::all)]
        const _: () = {
            // A field that is called PhantomData is the one of `core`.
            fn fields #implementation (value: &#name #arguments) #clause {
                #(let _: &::core::marker::PhantomData<_> = &value.#markers;)*
                #(#checks)*
                let _ = value;
            }
            #assertions
        };
    })
}

/// Whether a parameter of the struct is in the type.
fn is_generic(ty: &Type, generics: &Generics) -> bool {
    fn mentions(tokens: TokenStream, generics: &Generics) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => mentions(group.stream(), generics),
            TokenTree::Ident(name) => generics.params.iter().any(|parameter| match parameter {
                GenericParam::Type(parameter) => parameter.ident == name,
                GenericParam::Const(parameter) => parameter.ident == name,
                GenericParam::Lifetime(_) => false,
            }),
            _ => false,
        })
    }
    mentions(ty.to_token_stream(), generics)
}

/// Sizes and alignment once more, where the type is generic over the scalar only. They come after what the fields are: where one is not what
/// it has to be, that is said, and no size is compared.
fn assertions(
    input: &DeriveInput,
    scalar: &Type,
    fields: &[&Field],
    root: &Path,
) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let message = format!("`{name}` is not a sequence of numbers of one type");
    let params: Vec<&GenericParam> = input.generics.params.iter().collect();
    let [single, double] = [quote!(::core::primitive::f32), quote!(::core::primitive::f64)];
    let (types, parameter) = match params.as_slice() {
        [] => (vec![(quote!(#name), quote!(#scalar))], None),
        [GenericParam::Type(parameter)] if matches!(scalar, Type::Path(ty) if ty.path.is_ident(&parameter.ident)) =>
        {
            let of = |scalar: &TokenStream| (quote!(#name<#scalar>), scalar.clone());
            (vec![of(&single), of(&double)], Some(&parameter.ident))
        }
        _ => return Ok(TokenStream::new()),
    };
    let mut proofs = Vec::new();
    for field in fields {
        let ty = known(field)?;
        let span = ty.span();
        let ty = match parameter {
            Some(parameter) => replaced(ty.to_token_stream(), parameter, &single),
            None => ty.to_token_stream(),
        };
        let root = located(&quote!(#root), span);
        let own =
            quote_spanned!(span=> <&'static #ty as #root::kernels::IsParameters<#ty>>::Scalar);
        proofs.push(if parameter.is_some() {
            quote_spanned!(span=> let _: ::core::option::Option<#own> = ::core::option::Option::None;)
        } else {
            quote_spanned!(span=> let _: fn(#own) -> #scalar = |scalar| scalar;)
        });
    }
    let checks = types.iter().map(|(ty, scalar)| {
        quote! {
            ::core::assert!(
                ::core::mem::size_of::<#ty>() % ::core::mem::size_of::<#scalar>() == 0
                    && ::core::mem::align_of::<#ty>() <= ::core::mem::align_of::<#scalar>(),
                #message
            );
        }
    });
    Ok(quote!(#(#proofs)* #(#checks)*))
}

/// The tokens with something else in the place of a name.
fn replaced(tokens: TokenStream, name: &Ident, by: &TokenStream) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(word) if word == *name => by.clone(),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), replaced(group.stream(), name, by));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        token => token.into(),
    };
    tokens.into_iter().map(replace).collect()
}

/// `repr(C)` or `repr(transparent)`, and nothing that changes the alignment.
fn check_layout(input: &DeriveInput) -> syn::Result<()> {
    let mut found = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("C") || meta.path.is_ident("transparent") {
                found = true;
                Ok(())
            } else {
                Err(meta.error("`Parameters` needs the layout `repr(C)` alone"))
            }
        })?;
    }
    if found {
        Ok(())
    } else {
        let message = format!(
            "`Parameters` needs a layout that is known: write `#[repr(C)]` above `{}`",
            input.ident
        );
        Err(syn::Error::new_spanned(&input.ident, message))
    }
}

fn fields(input: &DeriveInput) -> syn::Result<Vec<Field>> {
    match &input.data {
        Data::Struct(data) => Ok(match &data.fields {
            Fields::Named(fields) => fields.named.iter().cloned().collect(),
            Fields::Unnamed(fields) => fields.unnamed.iter().cloned().collect(),
            Fields::Unit => Vec::new(),
        }),
        _ => Err(syn::Error::new_spanned(
            &input.ident,
            "`Parameters` is for structs: every part of an enum or union is not there all the time",
        )),
    }
}

fn settings(input: &DeriveInput) -> syn::Result<Settings> {
    let mut settings = Settings { root: parse_quote!(::axonal), scalar: None };
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("parameters"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                settings.root = meta.value()?.parse()?;
                Ok(())
            } else if meta.path.is_ident("scalar") {
                settings.scalar = Some(meta.value()?.parse()?);
                Ok(())
            } else {
                Err(meta.error("`parameters` knows `scalar = f32` and `crate = path`"))
            }
        })?;
    }
    Ok(settings)
}

/// The type that the bound is about. `network!` writes another one for a type of the user's own, by which a mistake is said once.
fn known(field: &Field) -> syn::Result<Type> {
    let mut known = field.ty.clone();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("parameters"))
    {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("known") {
                known = meta.value()?.parse()?;
                Ok(())
            } else {
                Err(meta.error("`parameters` stands above the struct"))
            }
        })?;
    }
    Ok(known)
}

fn is_marker(field: &Field) -> bool {
    matches!(&field.ty, Type::Path(ty)
        if ty.path.segments.last().is_some_and(|segment| segment.ident == "PhantomData"))
}

/// `field` or `0`
fn access(field: &Field, all: &[Field]) -> TokenStream {
    match &field.ident {
        Some(name) => quote!(#name),
        None => {
            let index = all.iter().position(|other| std::ptr::eq(other, field)).unwrap_or_default();
            let index = Index::from(index);
            quote!(#index)
        }
    }
}
