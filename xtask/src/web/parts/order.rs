//! The order of a wasm's functions. A compressor finds again what it has seen shortly before, so functions that are alike
//! are put side by side: that is a thirteenth of the compressed file. The linker's order is by crate, and wasm-bindgen's
//! by size; copies of one generic function are alike, but not the only ones.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionSectionReader, KnownCustom, Parser, Payload,
    TypeRef,
};

/// How far gzip looks back.
const WINDOW: usize = 32_000;
/// How many bytes are found again. Fewer are everywhere.
const PIECE: usize = 6;
/// In more functions than this, a piece says nothing about them.
const COMMON: usize = 3_000;

/// The same module with its functions in another order; without their names.
pub(super) fn alike_together(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let order = order(&bodies);
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

/// Next is always the function of which the largest part has just been seen.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let pieces = Pieces::of(bodies);
    let mut seen = Seen {
        times: vec![0; pieces.all.len()],
        weights: vec![0; bodies.len()],
        pieces: &pieces,
    };
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::with_capacity(bodies.len());
    let (mut window, mut length) = (VecDeque::new(), 0);
    // Of those that are alike in this, the one that came first.
    let part = |seen: &Seen<'_>, body| (seen.part(body), Reverse(body));
    while let Some(at) = (0..left.len()).max_by_key(|&at| part(&seen, left[at])) {
        let next = left.swap_remove(at);
        order.push(next);
        seen.enter(next);
        window.push_back(next);
        length += bodies[next].len();
        while length > WINDOW
            && let Some(first) = window.pop_front()
        {
            seen.leave(first);
            length -= bodies[first].len();
        }
    }
    order
}

/// What functions consist of.
struct Pieces {
    all: Vec<Piece>,
    /// Which of them each function has.
    of: Vec<Vec<usize>>,
    /// What these weigh together.
    weights: Vec<u64>,
}

struct Piece {
    /// The functions that have it.
    holders: Vec<usize>,
    /// The rarer, the more it says of a function. One that is everywhere, or in one function alone, says nothing.
    weight: u64,
}

impl Pieces {
    fn of(bodies: &[&[u8]]) -> Self {
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        let mut all: Vec<Piece> = Vec::new();
        let mut of = vec![Vec::new(); bodies.len()];
        for (body, (text, pieces)) in bodies.iter().zip(&mut of).enumerate() {
            for bytes in text.windows(PIECE) {
                let index = *known.entry(bytes).or_insert(all.len());
                if index == all.len() {
                    all.push(Piece {
                        holders: Vec::new(),
                        weight: 0,
                    });
                }
                if all[index].holders.last() != Some(&body) {
                    all[index].holders.push(body);
                    pieces.push(index);
                }
            }
        }
        for piece in &mut all {
            if (2..=COMMON).contains(&piece.holders.len()) {
                let rarity = bodies.len() as f64 / piece.holders.len() as f64;
                piece.weight = (100.0 * rarity.ln()) as u64;
            }
        }
        let weight = |pieces: &Vec<usize>| pieces.iter().map(|&piece| all[piece].weight).sum();
        let weights = of.iter().map(weight).collect();
        Self { all, of, weights }
    }
}

/// What is within the window.
struct Seen<'a> {
    pieces: &'a Pieces,
    /// How often each piece is.
    times: Vec<u32>,
    /// What the pieces of each function weigh that are there.
    weights: Vec<u64>,
}

impl Seen<'_> {
    fn enter(&mut self, body: usize) {
        for &index in &self.pieces.of[body] {
            self.times[index] += 1;
            let piece = &self.pieces.all[index];
            if self.times[index] == 1 && piece.weight > 0 {
                for &holder in &piece.holders {
                    self.weights[holder] += piece.weight;
                }
            }
        }
    }

    fn leave(&mut self, body: usize) {
        for &index in &self.pieces.of[body] {
            self.times[index] -= 1;
            let piece = &self.pieces.all[index];
            if self.times[index] == 0 && piece.weight > 0 {
                for &holder in &piece.holders {
                    self.weights[holder] -= piece.weight;
                }
            }
        }
    }

    /// Which part of a function has been seen, in millionths; of short ones a little less, they fit anywhere.
    fn part(&self, body: usize) -> u64 {
        1_000_000 * self.weights[body] / (self.pieces.weights[body] + 3_000)
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

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        EntityType, ExportKind, ExportSection, Function, ImportSection, TypeSection, ValType,
    };

    use super::*;

    /// One imported function, and exported ones: `f0` has a constant and calls the next, and so on around.
    fn module(constants: &[i64]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([], [ValType::I64]);
        let mut imports = ImportSection::new();
        imports.import("page", "log", EntityType::Function(0));
        let (mut functions, mut exports) = (FunctionSection::new(), ExportSection::new());
        let mut code = CodeSection::new();
        for (index, &constant) in (0..).zip(constants) {
            functions.function(1);
            exports.export(&format!("f{index}"), ExportKind::Func, index + 1);
            let mut body = Function::new([]);
            body.instructions()
                .call(0)
                .i64_const(constant)
                .call(1 + (index + 1) % constants.len() as u32)
                .i64_add()
                .end();
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions);
        module.section(&exports).section(&code);
        module.finish()
    }

    /// Of each export, in their order: its place, its constant, and the place that it calls.
    fn exports(wasm: &[u8]) -> Vec<(u32, i64, u32)> {
        let (mut places, mut bodies) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.unwrap() {
                Payload::ExportSection(section) => {
                    places.extend(section.into_iter().map(|export| export.unwrap().index - 1));
                }
                Payload::CodeSectionEntry(body) => {
                    let mut reader = body.get_operators_reader().unwrap();
                    let (mut constant, mut called) = (0, 0);
                    while !reader.eof() {
                        match reader.read().unwrap() {
                            wasmparser::Operator::I64Const { value } => constant = value,
                            wasmparser::Operator::Call { function_index } => {
                                called = function_index
                            }
                            _ => {}
                        }
                    }
                    bodies.push((constant, called - 1));
                }
                _ => {}
            }
        }
        let of = |place: u32| (place, bodies[place as usize].0, bodies[place as usize].1);
        places.into_iter().map(of).collect()
    }

    #[test]
    fn functions_that_are_alike_stand_together_and_nothing_else_changes() {
        let (one, other) = (0x0123_4567_89AB_CDEF, 0x0FED_CBA9_8765_4321);
        // Only the last of their bytes differ from those of the first two.
        let written = [one, other, one + (1 << 60), other + (1 << 60)];
        let before = module(&written);
        let after = alike_together(&before).unwrap();
        assert_ne!(before, after);
        wasmparser::validate(&after).unwrap();
        let after = exports(&after);
        let constants: Vec<i64> = after.iter().map(|&(_, constant, _)| constant).collect();
        assert_eq!(constants, written);
        let places: Vec<u32> = after.iter().map(|&(place, ..)| place).collect();
        for (index, &(.., called)) in after.iter().enumerate() {
            assert_eq!(called, places[(index + 1) % 4], "f{index} calls another");
        }
        assert_eq!(places[0].abs_diff(places[2]), 1, "{places:?}");
        assert_eq!(places[1].abs_diff(places[3]), 1, "{places:?}");
    }
}
