//! `#[derive(Decode)]`: the implementation of `ambient_core::decode::Decode` for a struct with named fields, or for an
//! enum of plain names.
//!
//! It reads serde's attributes, so that a type which is also written as JSON names its fields once: `rename_all`,
//! `rename`, `alias`, `default` and `flatten`; others do not concern reading. `#[decode(or_default)]` on a struct: what
//! is left out is as in the struct's own `Default`, where that is not what the fields' types have.
//!
//! What is generated for a field is one call. That is the reason for it: serde's derive makes a state machine of every
//! type, which for some hundred types was a fifth of the page.

use proc_macro::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, GenericArgument, Lit, Meta,
    PathArguments, Result, Token, Type, parse_macro_input, parse_quote,
};

/// Implements `Decode`; see the crate's documentation.
#[proc_macro_derive(Decode, attributes(serde, decode))]
pub fn decode(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implementation(&input)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

fn implementation(input: &DeriveInput) -> Result<proc_macro2::TokenStream> {
    let options = Options::of(&input.attrs)?;
    let body = match &input.data {
        Data::Struct(data) => structure(&data.fields, &options)?,
        Data::Enum(data) => {
            let variants: Vec<_> = data.variants.iter().collect();
            if let Some(other) = variants
                .iter()
                .find(|it| !matches!(it.fields, Fields::Unit))
            {
                return Err(Error::new_spanned(other, "only plain names can be derived"));
            }
            let mut names = Vec::new();
            for variant in &variants {
                let own = Options::of(&variant.attrs)?;
                let name = variant.ident.to_string();
                names.push(own.rename.unwrap_or_else(|| options.case.of_variant(&name)));
            }
            let names = names.join(" ");
            let is_default = |attribute: &Attribute| attribute.path().is_ident("default");
            let default = variants
                .iter()
                .position(|variant| variant.attrs.iter().any(is_default))
                .unwrap_or_default();
            let idents = variants.iter().map(|variant| &variant.ident);
            let indices = 0..variants.len();
            let fallback = variants.get(default).map(|variant| &variant.ident);
            quote! {
                match reader.variant(#names) {
                    #(Some(#indices) => Self::#idents,)*
                    _ => Self::#fallback,
                }
            }
        }
        Data::Union(_) => return Err(Error::new_spanned(input, "a union has no names")),
    };
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter
            .bounds
            .push(parse_quote!(::ambient_core::decode::Decode));
    }
    let ident = &input.ident;
    let (implementation, types, conditions) = generics.split_for_impl();
    Ok(quote! {
        impl #implementation ::ambient_core::decode::Decode for #ident #types #conditions {
            fn decode(reader: &::ambient_core::decode::Reader<'_>) -> Self {
                #body
            }
        }
    })
}

fn structure(fields: &Fields, options: &Options) -> Result<proc_macro2::TokenStream> {
    let Fields::Named(fields) = fields else {
        return Err(Error::new_spanned(
            fields,
            "only named fields can be derived",
        ));
    };
    let mut names = Vec::new();
    let mut values = Vec::new();
    let mut flattens = false;
    for field in &fields.named {
        let own = Options::of(&field.attrs)?;
        let ident = &field.ident;
        if own.flatten {
            flattens = true;
            values.push(quote!(#ident: reader.part()));
            continue;
        }
        names.push(name(field, &own, options));
        values.push(if options.or_default {
            quote!(#ident: fields.take_or(default.#ident))
        } else {
            quote!(#ident: fields.take())
        });
    }
    let names = names.join(" ");
    let idents = fields.named.iter().map(|field| &field.ident);
    // The fields of a flattened part stand beside the others and are not among these names.
    let reader = if flattens {
        quote!(reader.lenient())
    } else {
        quote!(reader)
    };
    let default = options
        .or_default
        .then(|| quote!(let default = Self::default();));
    Ok(quote! {
        #default
        let reader = &#reader;
        let mut fields = reader.fields(#names);
        let decoded = Self { #(#values),* };
        // A field that nobody reads is one that the type knows, all the same.
        #(let _ = &decoded.#idents;)*
        decoded
    })
}

/// As `Reader::fields` wants it: other names behind `|`, and `!` if it must be there.
fn name(field: &Field, own: &Options, container: &Options) -> String {
    let ident = field.ident.as_ref().map(ToString::to_string);
    let ident = ident.unwrap_or_default();
    let mut name = own
        .rename
        .clone()
        .unwrap_or_else(|| container.case.of_field(ident.trim_start_matches("r#")));
    if let Some(alias) = &own.alias {
        name.push('|');
        name.push_str(alias);
    }
    let optional = container.default || own.default || holds_nothing(&field.ty);
    if !optional {
        name.push('!');
    }
    name
}

/// Whether a type has a value for what is left out or `null`: an `Option`, any `Value`, an `Arc` of one.
fn holds_nothing(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match &last.arguments {
        PathArguments::AngleBracketed(inner) if last.ident == "Arc" => {
            matches!(inner.args.first(), Some(GenericArgument::Type(inner)) if holds_nothing(inner))
        }
        _ => last.ident == "Option" || last.ident == "Value",
    }
}

/// serde's `rename_all`, as far as it is in use.
#[derive(Clone, Copy, Default)]
enum Case {
    #[default]
    AsIs,
    Camel,
    Upper,
    ScreamingSnake,
}

impl Case {
    /// From `snake_case`.
    fn of_field(self, ident: &str) -> String {
        match self {
            Self::Camel => camel(ident),
            _ => ident.to_owned(),
        }
    }

    /// From `PascalCase`.
    fn of_variant(self, ident: &str) -> String {
        match self {
            Self::AsIs => ident.to_owned(),
            Self::Camel => {
                let (first, rest) = ident.split_at(1);
                first.to_lowercase() + rest
            }
            Self::Upper => ident.to_uppercase(),
            Self::ScreamingSnake => {
                let mut name = String::new();
                for (index, letter) in ident.char_indices() {
                    if index > 0 && letter.is_uppercase() {
                        name.push('_');
                    }
                    name.extend(letter.to_uppercase());
                }
                name
            }
        }
    }
}

fn camel(ident: &str) -> String {
    let mut name = String::new();
    let mut upper = false;
    for letter in ident.chars() {
        if letter == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            name.extend(letter.to_uppercase());
        } else {
            name.push(letter);
        }
    }
    name
}

/// What attributes say.
#[derive(Default)]
struct Options {
    case: Case,
    rename: Option<String>,
    alias: Option<String>,
    default: bool,
    flatten: bool,
    or_default: bool,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes {
            if !attribute.path().is_ident("serde") && !attribute.path().is_ident("decode") {
                continue;
            }
            let parts =
                attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
            for part in &parts {
                options.add(part)?;
            }
        }
        Ok(options)
    }

    fn add(&mut self, part: &Meta) -> Result<()> {
        let path = part.path();
        if path.is_ident("rename_all") {
            self.case = match text(part)?.as_str() {
                "camelCase" => Case::Camel,
                "UPPERCASE" => Case::Upper,
                "SCREAMING_SNAKE_CASE" => Case::ScreamingSnake,
                _ => return Err(Error::new_spanned(part, "this case is not known here")),
            };
        } else if path.is_ident("rename") {
            self.rename = Some(text(part)?);
        } else if path.is_ident("alias") {
            self.alias = Some(text(part)?);
        } else if path.is_ident("default") {
            self.default = true;
        } else if path.is_ident("flatten") {
            self.flatten = true;
        } else if path.is_ident("or_default") {
            self.or_default = true;
        }
        Ok(())
    }
}

fn text(part: &Meta) -> Result<String> {
    match part {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Ok(text.value()),
            other => Err(Error::new_spanned(other, "a text is expected")),
        },
        other => Err(Error::new_spanned(other, "a value is expected")),
    }
}
