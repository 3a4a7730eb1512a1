//! The order of a wasm's functions. A compressor finds again what it has seen shortly before, so copies of one generic
//! function are put side by side: that is a twentieth of the compressed file. The linker's order is by crate, and
//! wasm-bindgen's by size.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionSectionReader, KnownCustom, Name, Parser,
    Payload, TypeRef,
};

use super::names;

/// The same module with its functions sorted by their names, then by their sizes; without the names.
pub(super) fn alike_together(wasm: &[u8]) -> Result<Vec<u8>> {
    let Functions {
        imported,
        names,
        sizes,
    } = Functions::read(wasm)?;
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    let name = |function: usize| names.get(&(imported + function)).map_or("", String::as_str);
    order.sort_by_key(|&function| (names::generic(name(function)), sizes[function]));
    let mut places = vec![0; order.len()];
    for (place, &function) in order.iter().enumerate() {
        places[function] = place;
    }
    let mut module = Module::new();
    Sorted {
        imported,
        order,
        places,
    }
    .parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

/// What the order is made of.
#[derive(Default)]
struct Functions {
    /// How many are imported; they have the first indices.
    imported: usize,
    /// The readable names, by index.
    names: BTreeMap<usize, String>,
    /// Bytes of those that are not imported.
    sizes: Vec<usize>,
}

impl Functions {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut functions = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        functions.imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => functions.sizes.push(body.range().len()),
                Payload::CustomSection(section) => functions.read_names(&section)?,
                _ => {}
            }
        }
        Ok(functions)
    }

    fn read_names(&mut self, section: &CustomSectionReader<'_>) -> Result<()> {
        let KnownCustom::Name(subsections) = section.as_known() else {
            return Ok(());
        };
        for subsection in subsections {
            if let Name::Function(named) = subsection? {
                for naming in named {
                    let naming = naming?;
                    let name = names::readable(naming.name);
                    self.names.insert(naming.index as usize, name);
                }
            }
        }
        Ok(())
    }
}

/// Writes a module in another order.
struct Sorted {
    imported: usize,
    /// Which function stands at a place.
    order: Vec<usize>,
    /// At which place a function stands.
    places: Vec<usize>,
}

impl Reencode for Sorted {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        let moved = (function as usize)
            .checked_sub(self.imported)
            .map(|local| self.imported + self.places[local]);
        Ok(moved.map_or(function, |index| index as u32))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &function in &self.order {
            functions.function(types[function]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(code, bodies[function].clone())?;
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        match section.as_known() {
            KnownCustom::Name(_) => Ok(()),
            _ => utils::parse_custom_section(self, module, section),
        }
    }
}
