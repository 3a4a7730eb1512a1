//! The order of a wasm's functions. A compressor finds again what it has seen shortly before, so functions that are alike,
//! such as the copies of a generic one, are put one after the other: that is a sixteenth of the compressed file. The
//! linker's order is by crate, and wasm-bindgen's by size.

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

/// The same module with functions that are alike together; without the names.
pub(super) fn alike_together(wasm: &[u8]) -> Result<Vec<u8>> {
    let functions = Functions::read(wasm)?;
    let order = functions.order();
    let mut places = vec![0; order.len()];
    for (place, &function) in order.iter().enumerate() {
        places[function] = place;
    }
    let mut module = Module::new();
    let mut sorted = Sorted {
        imported: functions.imported,
        order,
        places,
    };
    sorted.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

/// How many samples of its code tell what a function is like.
const SAMPLES: usize = 64;
/// How many bytes in a row are one thing that functions can have in common.
const RUN: usize = 5;
/// How much the last functions count in the choice of the next, the very last first.
const RECENT: [usize; 3] = [4, 2, 1];
/// How many samples a common name is worth.
const SAME_NAME: usize = 40;

/// For each of some hash functions, the least hash of any run of the code. Two functions agree in about the share of the
/// samples that their codes have of their runs in common.
type Likeness = [u32; SAMPLES];

fn likeness(code: &[u8]) -> Likeness {
    let mut least = [u32::MAX; SAMPLES];
    for (number, least) in (0..).zip(&mut least) {
        // FNV-1a from another start for each, and the finish of MurmurHash, which spreads it over all bits.
        let start = 0x9E37_79B9_u32.wrapping_mul(number) ^ 0x811C_9DC5;
        for run in code.windows(RUN) {
            let hash = run.iter().fold(start, |hash, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
            });
            let hash = (hash ^ (hash >> 15)).wrapping_mul(0x85EB_CA6B);
            *least = (*least).min(hash ^ (hash >> 13));
        }
    }
    least
}

fn agreement(left: &Likeness, right: &Likeness) -> usize {
    left.iter()
        .zip(right)
        .filter(|(left, right)| left == right)
        .count()
}

/// What the order is made of.
#[derive(Default)]
struct Functions {
    /// How many are imported; they have the first indices.
    imported: usize,
    /// The readable names, by index.
    names: BTreeMap<usize, String>,
    /// What those that are not imported are like, and their bytes.
    code: Vec<(Likeness, usize)>,
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
                Payload::CodeSectionEntry(body) => {
                    let code = body.as_bytes();
                    functions.code.push((likeness(code), code.len()));
                }
                Payload::CustomSection(section) => functions.read_names(&section)?,
                _ => {}
            }
        }
        Ok(functions)
    }

    /// From each to the one that is most like it and those before it; by names, then sizes, where none is.
    fn order(&self) -> Vec<usize> {
        let name = |function: usize| {
            let name = self.names.get(&(self.imported + function));
            names::generic(name.map_or("", String::as_str))
        };
        let mut left: Vec<usize> = (0..self.code.len()).collect();
        left.sort_by_key(|&function| (name(function), self.code[function].1));
        let mut order: Vec<usize> = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let alike = |&candidate: &usize| {
                let recent = order.iter().rev().zip(RECENT);
                let code = recent.map(|(&before, weight)| {
                    weight * agreement(&self.code[before].0, &self.code[candidate].0)
                });
                let last = order.last();
                let has_its_name = last.is_some_and(|&last| name(last) == name(candidate));
                code.sum::<usize>() + SAME_NAME * usize::from(has_its_name)
            };
            // The first of those that are most alike.
            let best = (0..left.len())
                .rev()
                .max_by_key(|&place| alike(&left[place]));
            order.push(left.remove(best.unwrap_or_default()));
        }
        order
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
