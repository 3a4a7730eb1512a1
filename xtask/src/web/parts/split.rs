//! Which functions are in which file, and how the files find each other.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use walrus::ir::{RefIsNull, TableGet, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind,
    GlobalId, GlobalKind, ImportKind, ImportedFunction, LocalFunction, MemoryId, Module,
    ModuleConfig, TableId, passes,
};

use super::{LOAD, Part, names};

/// What a part imports from.
const FIRST: &str = "first";

/// The file of what is always needed.
pub(super) fn first(wasm: &[u8], parts: &[Part]) -> Result<Vec<u8>> {
    let mut module = parse(wasm)?;
    let plan = Plan::make(&module, parts)?;
    for (number, &entry) in plan.entries.iter().enumerate() {
        let standing_for = plan.stand_in(&mut module, number, entry)?;
        module.funcs.get_mut(entry).kind = FunctionKind::Local(standing_for);
    }
    plan.make_room(&mut module);
    for needs in &plan.needs {
        for (name, item) in needs.items() {
            if module.exports.iter().all(|export| export.name != name) {
                module.exports.add(&name, item);
            }
        }
    }
    passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

/// The file of one part.
pub(super) fn part(wasm: &[u8], parts: &[Part], number: usize) -> Result<Vec<u8>> {
    let mut module = parse(wasm)?;
    let plan = Plan::make(&module, parts)?;
    let (entry, needs) = (plan.entries[number], &plan.needs[number]);
    // What the module does when it starts has been done by the first file.
    module.start = None;
    for export in ids(module.exports.iter().map(|export| export.id())) {
        module.exports.delete(export);
    }
    for element in ids(module.elements.iter().map(|element| element.id())) {
        module.elements.delete(element);
    }
    for data in ids(module.data.iter().map(|data| data.id())) {
        module.data.delete(data);
    }
    plan.make_room(&mut module);
    for table in module.tables.iter_mut() {
        table.elem_segments.clear();
    }
    for memory in module.memories.iter_mut() {
        memory.data_segments.clear();
    }
    for import in ids(module.imports.iter().map(|import| import.id())) {
        module.imports.delete(import);
    }
    for (name, item) in needs.items() {
        import(&mut module, &name, item);
    }
    let offset = i32::try_from(plan.slot(number))?;
    let kind = ElementKind::Active {
        table: plan.table,
        offset: ConstExpr::Value(walrus::ir::Value::I32(offset)),
    };
    let items = ElementItems::Functions(vec![entry]);
    let element = module.elements.add(kind, items);
    let table = module.tables.get_mut(plan.table);
    table.elem_segments.insert(element);
    passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

fn parse(wasm: &[u8]) -> Result<Module> {
    ModuleConfig::new()
        .generate_producers_section(false)
        .parse(wasm)
}

/// The identities of things that are about to be changed.
fn ids<T>(ids: impl Iterator<Item = T>) -> Vec<T> {
    ids.collect()
}

/// What goes where. A module that is parsed twice has other identities each time, but the same plan.
struct Plan {
    /// Through which parts are called.
    table: TableId,
    /// The first place in the table that is for parts.
    slots: u64,
    /// The imported function that fetches a part.
    load: FunctionId,
    /// The function that the rest calls, of each part.
    entries: Vec<FunctionId>,
    /// What each part has of its own and of the first file.
    needs: Vec<Needs>,
}

impl Plan {
    fn make(module: &Module, parts: &[Part]) -> Result<Self> {
        let table = module.tables.main_function_table()?;
        let table = table.context("the module has no function table")?;
        let entries = parts.iter().map(|part| entry(module, part));
        let entries = entries.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            slots: module.tables.get(table).initial,
            table,
            load: load(module)?,
            needs: contents(module, &entries)
                .iter()
                .map(|functions| Needs::of(module, functions))
                .collect(),
            entries,
        })
    }

    /// Where a part puts its entry in the table.
    fn slot(&self, number: usize) -> u64 {
        self.slots + number as u64
    }

    /// Places in the table for the entries.
    fn make_room(&self, module: &mut Module) {
        let table = module.tables.get_mut(self.table);
        let more = self.entries.len() as u64;
        table.initial += more;
        table.maximum = table.maximum.map(|most| most + more);
    }

    /// A function that calls an entry through the table, and asks for its part before, if it is not there yet.
    fn stand_in(
        &self,
        module: &mut Module,
        number: usize,
        entry: FunctionId,
    ) -> Result<LocalFunction> {
        let (table, load) = (self.table, self.load);
        let slot = i32::try_from(self.slot(number))?;
        let number = i32::try_from(number)?;
        let ty = module.funcs.get(entry).ty();
        let (params, results) = module.types.params_results(ty);
        let (params, results) = (params.to_vec(), results.to_vec());
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        let arguments = params.iter().map(|&ty| module.locals.add(ty));
        let arguments: Vec<_> = arguments.collect();
        let mut body = builder.func_body();
        body.i32_const(slot)
            .instr(TableGet { table })
            .instr(RefIsNull {})
            .if_else(
                None,
                |absent| {
                    absent.i32_const(number).call(load);
                },
                |_| {},
            );
        for &argument in &arguments {
            body.local_get(argument);
        }
        body.i32_const(slot).call_indirect(ty, table);
        let name = module.funcs.get(entry).name.clone();
        builder.name(name.unwrap_or_default());
        Ok(builder.local_func(arguments))
    }
}

/// The entry of a part.
fn entry(module: &Module, part: &Part) -> Result<FunctionId> {
    let named = |name: &str| names::readable(name) == part.entry;
    let mut functions = module.funcs.iter();
    let found = functions.find(|function| function.name.as_deref().is_some_and(named));
    let id = found.map(|function| function.id());
    id.with_context(|| format!("{} has no function of its own in the wasm", part.entry))
}

/// The import that fetches a part.
fn load(module: &Module) -> Result<FunctionId> {
    let mut imports = module.imports.iter();
    let found = imports.find_map(|import| match import.kind {
        ImportKind::Function(function) if import.name.contains(LOAD) => Some(function),
        _ => None,
    });
    found.with_context(|| format!("the wasm imports no {LOAD}"))
}

/// What is only in a part: what is reached from its entry, from no other part's, and from nothing else. What is in the
/// function table may be called by anyone.
fn contents(module: &Module, entries: &[FunctionId]) -> Vec<BTreeSet<FunctionId>> {
    let is_entry = |function: &FunctionId| entries.contains(function);
    let exported = module
        .exports
        .iter()
        .filter_map(|export| match export.item {
            ExportItem::Function(function) => Some(function),
            _ => None,
        });
    let in_tables = module
        .elements
        .iter()
        .flat_map(|element| match &element.items {
            ElementItems::Functions(functions) => functions.clone(),
            ElementItems::Expressions(_, items) => items.iter().filter_map(function).collect(),
        });
    let always = exported.chain(in_tables).chain(module.start);
    let always = reached(
        module,
        always.filter(|root| !is_entry(root)).collect(),
        entries,
    );
    let reached: Vec<_> = entries
        .iter()
        .map(|&entry| reached(module, vec![entry], entries))
        .collect();
    let own = |part: usize| {
        let elsewhere = |function: &FunctionId| {
            let mut others = reached
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != part);
            others.any(|(_, functions)| functions.contains(function))
        };
        let own = reached[part].difference(&always);
        own.copied()
            .filter(|function| !elsewhere(function))
            .collect()
    };
    (0..entries.len()).map(own).collect()
}

fn function(item: &ConstExpr) -> Option<FunctionId> {
    match item {
        ConstExpr::RefFunc(function) => Some(*function),
        _ => None,
    }
}

/// The functions that some functions call, themselves included, but not the entries of parts.
fn reached(
    module: &Module,
    mut roots: Vec<FunctionId>,
    entries: &[FunctionId],
) -> BTreeSet<FunctionId> {
    let mut reached = BTreeSet::new();
    while let Some(function) = roots.pop() {
        if reached.insert(function) {
            let Uses { functions, .. } = Uses::of(module, function);
            roots.extend(
                functions
                    .into_iter()
                    .filter(|called| !entries.contains(called)),
            );
        }
    }
    reached
}

/// What a function refers to.
#[derive(Default)]
struct Uses {
    functions: BTreeSet<FunctionId>,
    globals: BTreeSet<GlobalId>,
    tables: BTreeSet<TableId>,
    memories: BTreeSet<MemoryId>,
}

impl Uses {
    fn of(module: &Module, function: FunctionId) -> Self {
        let mut uses = Self::default();
        if let FunctionKind::Local(local) = &module.funcs.get(function).kind {
            dfs_in_order(&mut uses, local, local.entry_block());
        }
        uses
    }
}

impl Visitor<'_> for Uses {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.functions.insert(*function);
    }

    fn visit_global_id(&mut self, global: &GlobalId) {
        self.globals.insert(*global);
    }

    fn visit_table_id(&mut self, table: &TableId) {
        self.tables.insert(*table);
    }

    fn visit_memory_id(&mut self, memory: &MemoryId) {
        self.memories.insert(*memory);
    }
}

/// What a part uses of the first file.
struct Needs(Uses);

impl Needs {
    fn of(module: &Module, own: &BTreeSet<FunctionId>) -> Self {
        let mut all = Uses::default();
        for &function in own {
            let uses = Uses::of(module, function);
            all.functions.extend(uses.functions.difference(own));
            all.globals.extend(uses.globals);
            all.tables.extend(uses.tables);
            all.memories.extend(uses.memories);
        }
        all.tables
            .extend(module.tables.main_function_table().ok().flatten());
        Self(all)
    }

    /// Each with the name that both files know it by.
    fn items(&self) -> Vec<(String, ExportItem)> {
        let Uses {
            functions,
            globals,
            tables,
            memories,
        } = &self.0;
        let functions = functions
            .iter()
            .map(|id| (format!("f{}", id.index()), (*id).into()));
        let globals = globals
            .iter()
            .map(|id| (format!("g{}", id.index()), (*id).into()));
        let tables = tables
            .iter()
            .map(|id| (format!("t{}", id.index()), (*id).into()));
        let memories = memories
            .iter()
            .map(|id| (format!("m{}", id.index()), (*id).into()));
        functions
            .chain(globals)
            .chain(tables)
            .chain(memories)
            .collect()
    }
}

/// Makes a thing an import.
fn import(module: &mut Module, name: &str, item: ExportItem) {
    match item {
        ExportItem::Function(id) => {
            let import = module.imports.add(FIRST, name, id);
            let ty = module.funcs.get(id).ty();
            module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
        }
        ExportItem::Global(id) => {
            let import = module.imports.add(FIRST, name, id);
            module.globals.get_mut(id).kind = GlobalKind::Import(import);
        }
        ExportItem::Table(id) => {
            let import = module.imports.add(FIRST, name, id);
            module.tables.get_mut(id).import = Some(import);
        }
        ExportItem::Memory(id) => {
            let import = module.imports.add(FIRST, name, id);
            module.memories.get_mut(id).import = Some(import);
        }
        ExportItem::Tag(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use walrus::{Module, RefType};

    use super::*;

    const PARTS: [Part; 2] = [called("reports"), called("tokens")];

    const fn called(name: &'static str) -> Part {
        Part { name, entry: name }
    }

    /// Functions that call one another: their names, and the numbers of those that they call. `tabled` is in the
    /// function table, which anyone may call through; `page` is exported.
    const FUNCTIONS: [(&str, &[usize]); 7] = [
        ("shared by parts", &[]),
        ("shared with the page", &[]),
        ("of the reports", &[0, 1]),
        ("reports", &[2]),
        ("tokens", &[0, 3]),
        ("tabled", &[]),
        ("page", &[1, 3, 4, 5]),
    ];

    fn whole() -> Vec<u8> {
        let mut module = Module::with_config(ModuleConfig::new());
        let ty = module.types.add(&[walrus::ValType::I32], &[]);
        module.add_import_func("js", "__wbg_loadPart_1", ty);
        let mut made = Vec::new();
        for (name, called) in FUNCTIONS {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder.name(name.to_owned());
            for &called in called {
                builder.func_body().call(made[called]);
            }
            made.push(builder.finish(Vec::new(), &mut module.funcs));
        }
        module.exports.add("page", made[6]);
        let table = module.tables.add_local(false, 1, Some(1), RefType::FUNCREF);
        let kind = ElementKind::Active {
            table,
            offset: ConstExpr::Value(walrus::ir::Value::I32(0)),
        };
        let element = module
            .elements
            .add(kind, ElementItems::Functions(vec![made[5]]));
        module.tables.get_mut(table).elem_segments.insert(element);
        module.emit_wasm()
    }

    fn functions(wasm: &[u8]) -> Vec<String> {
        let module = parse(wasm).unwrap();
        let mut names: Vec<_> = module
            .funcs
            .iter_local()
            .filter_map(|(id, _)| module.funcs.get(id).name.clone())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_part_has_what_nothing_else_reaches() {
        let whole = whole();
        // In it, `reports` and `tokens` are what stands for them.
        let page = [
            "page",
            "reports",
            "shared by parts",
            "shared with the page",
            "tabled",
            "tokens",
        ];
        assert_eq!(functions(&first(&whole, &PARTS).unwrap()), page);
        let reports = ["of the reports", "reports"];
        assert_eq!(functions(&part(&whole, &PARTS, 0).unwrap()), reports);
        assert_eq!(functions(&part(&whole, &PARTS, 1).unwrap()), ["tokens"]);
    }

    #[test]
    fn what_a_part_imports_is_exported() {
        let whole = whole();
        let first = parse(&first(&whole, &PARTS).unwrap()).unwrap();
        for number in 0..PARTS.len() {
            let part = parse(&part(&whole, &PARTS, number).unwrap()).unwrap();
            let mut imports = part.imports.iter().peekable();
            assert!(imports.peek().is_some());
            for import in imports {
                assert_eq!(import.module, FIRST);
                let exported = first
                    .exports
                    .iter()
                    .any(|export| export.name == import.name);
                assert!(exported, "{}", import.name);
            }
        }
    }

    #[test]
    fn an_entry_that_was_inlined_is_an_error() {
        let parts = [called("gone")];
        let error = first(&whole(), &parts).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }
}
