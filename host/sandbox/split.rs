//! Splits a bot's component into its engine's code and its own image.
//!
//! A component that the SDK makes holds one core module with a memory: the
//! engine's code, equal in all bots, and the memory's content, which is the
//! bot. Split, the code imports its memory and loses its data, so that it is
//! the same bytes for every bot and compiled once; a small module beside it
//! defines the memory and carries the data, which wasmtime maps copy-on-write.
//! The bot's component imports the code under [`CODE_IMPORT`].
//!
//! It is a transformation of the artifact and asks nothing of the tool that
//! made it. What it cannot split (no module or several with a memory, one whose
//! memory other modules import, passive data, a start function) runs whole, at the cost of code of its own.

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{
    Component, ComponentImportSection, ComponentSectionId, ComponentTypeRef, CoreTypeSection,
    EntityType, ExportKind, ExportSection, ImportSection, InstanceSection, MemorySection,
    MemoryType, Module, ModuleArg, ModuleType, RawSection,
};
use wasmparser::{ExternalKind, Instance, Parser, Payload, TypeRef};

/// The name under which a split component imports the engine's code.
pub(crate) const CODE_IMPORT: &str = "roost-engine-code";

/// The name under which the code imports the image's memory.
const IMAGE_IMPORT: &str = "roost-image";

/// A component in two parts.
pub struct Split {
    /// A core module: the same bytes for every bot of one engine.
    pub code: Vec<u8>,
    /// A component that imports the code and holds the image.
    pub bot: Vec<u8>,
}

/// The memory as the code sees it, whatever the size of a bot's own.
const ANY_MEMORY: MemoryType = MemoryType {
    minimum: 1,
    maximum: None,
    memory64: false,
    shared: false,
    page_size_log2: None,
};

/// Splits a component; `None` when it is not of the kind that can be split.
pub fn split(component: &[u8]) -> Option<Split> {
    let main = only_module_with_memory(component)?;
    let (code, image) = split_module(main.bytes)?;
    let mut splitter = Splitter {
        main: main.index,
        code_type: module_type(&code)?,
        image,
        modules: 0,
        image_is_instantiated: false,
    };
    let mut bot = Component::new();
    splitter
        .parse_component(&mut bot, Parser::new(0), component)
        .ok()?;
    Some(Split {
        code,
        bot: bot.finish(),
    })
}

struct MainModule<'a> {
    index: u32,
    bytes: &'a [u8],
}

fn only_module_with_memory(component: &[u8]) -> Option<MainModule<'_>> {
    let mut found = None;
    let mut index = 0;
    // What encloses the payload: whether each level is a component.
    let mut levels = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::Version { encoding, .. } => {
                levels.push(encoding == wasmparser::Encoding::Component);
            }
            Payload::ModuleSection {
                unchecked_range, ..
            } => {
                if levels.len() > 1 {
                    return None;
                }
                let bytes = component.get(unchecked_range)?;
                if uses_memory(bytes)? {
                    // A memory that is shared between modules has its limits in all of their
                    // types; what links libraries dynamically makes dozens of those.
                    if found.is_some() {
                        return None;
                    }
                    found = Some(MainModule { index, bytes });
                }
                index += 1;
            }
            // Nested components only rename; one that instantiates modules has
            // indices of its own that would have to be kept apart.
            Payload::InstanceSection(_) | Payload::CoreTypeSection(_)
                if levels.iter().filter(|is_component| **is_component).count() > 1 =>
            {
                return None;
            }
            Payload::End(_) => {
                levels.pop();
            }
            _ => {}
        }
    }
    found
}

/// Whether a module has a memory, of its own or another's.
fn uses_memory(module: &[u8]) -> Option<bool> {
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::MemorySection(_) => return Some(true),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if matches!(import.ok()?.ty, TypeRef::Memory(_)) {
                        return Some(true);
                    }
                }
            }
            _ => {}
        }
    }
    Some(false)
}

/// A core module as code that imports its memory, and an image that defines it.
fn split_module(module: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let memory = memory_of(module)?;
    let mut code = Module::new();
    let mut data = None;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        match &payload {
            Payload::Version { .. }
            | Payload::End(_)
            | Payload::CodeSectionEntry(_)
            | Payload::CustomSection(_)
            | Payload::MemorySection(_)
            | Payload::DataCountSection { .. } => {}
            Payload::StartSection { .. } => return None,
            Payload::ImportSection(section) => {
                let mut imports = ImportSection::new();
                for import in section.clone().into_imports() {
                    let import = import.ok()?;
                    let TypeRef::Func(ty) = import.ty else {
                        return None;
                    };
                    imports.import(import.module, import.name, EntityType::Function(ty));
                }
                imports.import(IMAGE_IMPORT, "memory", EntityType::Memory(ANY_MEMORY));
                code.section(&imports);
            }
            Payload::DataSection(section) => {
                for segment in section.clone() {
                    let segment = segment.ok()?;
                    // A snapshot leaves empty ones in place of the first segments.
                    let passive = matches!(segment.kind, wasmparser::DataKind::Passive);
                    if passive && !segment.data.is_empty() {
                        return None;
                    }
                }
                data = Some(section.range());
            }
            other => {
                let (id, range) = other.as_section()?;
                code.section(&RawSection {
                    id,
                    data: module.get(range)?,
                });
            }
        }
    }
    let mut image = Module::new();
    let mut memories = MemorySection::new();
    memories.memory(memory);
    image.section(&memories);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    image.section(&exports);
    if let Some(range) = data {
        let id = wasm_encoder::SectionId::Data as u8;
        image.section(&RawSection {
            id,
            data: module.get(range)?,
        });
    }
    Some((code.finish(), image.finish()))
}

fn memory_of(module: &[u8]) -> Option<MemoryType> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::MemorySection(section) = payload.ok()? {
            let mut memories = section.into_iter();
            let memory = memories.next()?.ok()?;
            let plain = !memory.memory64 && !memory.shared && memory.page_size_log2.is_none();
            return (plain && memories.next().is_none()).then_some(MemoryType {
                minimum: memory.initial,
                maximum: memory.maximum,
                ..ANY_MEMORY
            });
        }
    }
    None
}

/// The type that a component must declare for a module it imports.
fn module_type(module: &[u8]) -> Option<ModuleType> {
    let mut ty = ModuleType::new();
    let mut as_is = RoundtripReencoder;
    let mut functions = Vec::new();
    let mut globals = Vec::new();
    let mut tables = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for function in section.into_iter_err_on_gc_types() {
                    let function = function.ok()?;
                    let mut encode = |types: &[wasmparser::ValType]| {
                        let types = types.iter().map(|ty| as_is.val_type(*ty).ok());
                        types.collect::<Option<Vec<_>>>()
                    };
                    ty.ty()
                        .function(encode(function.params())?, encode(function.results())?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.ok()?;
                    if let TypeRef::Func(index) = import.ty {
                        functions.push(index);
                    }
                    ty.import(
                        import.module,
                        import.name,
                        as_is.entity_type(import.ty).ok()?,
                    );
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    functions.push(index.ok()?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    globals.push(global.ok()?.ty);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables.push(table.ok()?.ty);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    let index = export.index as usize;
                    let entity = match export.kind {
                        ExternalKind::Func => EntityType::Function(*functions.get(index)?),
                        ExternalKind::Memory => EntityType::Memory(ANY_MEMORY),
                        ExternalKind::Global => {
                            EntityType::Global(as_is.global_type(*globals.get(index)?).ok()?)
                        }
                        ExternalKind::Table => {
                            EntityType::Table(as_is.table_type(*tables.get(index)?).ok()?)
                        }
                        _ => return None,
                    };
                    ty.export(export.name, entity);
                }
            }
            _ => {}
        }
    }
    Some(ty)
}

/// Rewrites the component: the main module's place is taken by the imported
/// code, so it keeps its index; the image comes right after it.
struct Splitter {
    main: u32,
    code_type: ModuleType,
    image: Vec<u8>,
    modules: u32,
    image_is_instantiated: bool,
}

type Reencoded<T = ()> = Result<T, reencode::Error<std::convert::Infallible>>;

impl Reencode for Splitter {
    type Error = std::convert::Infallible;
}

impl ReencodeComponent for Splitter {
    fn module_index(&mut self, index: u32) -> u32 {
        if index <= self.main { index } else { index + 1 }
    }

    /// The image's instance comes before all others.
    fn instance_index(&mut self, index: u32) -> u32 {
        index + 1
    }

    fn parse_component_custom_section(
        &mut self,
        _component: &mut Component,
        _section: wasmparser::CustomSectionReader<'_>,
    ) -> Reencoded {
        Ok(())
    }

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _parser: Parser,
        module: &[u8],
    ) -> Reencoded {
        let id = ComponentSectionId::CoreModule as u8;
        if self.modules == self.main {
            let mut types = CoreTypeSection::new();
            types.ty().module(&self.code_type);
            component.section(&types);
            let mut imports = ComponentImportSection::new();
            imports.import(CODE_IMPORT, ComponentTypeRef::Module(0));
            component.section(&imports);
            component.section(&RawSection {
                id,
                data: &self.image,
            });
        } else {
            component.section(&RawSection { id, data: module });
        }
        self.modules += 1;
        Ok(())
    }

    fn parse_instance_section(
        &mut self,
        instances: &mut InstanceSection,
        section: wasmparser::InstanceSectionReader<'_>,
    ) -> Reencoded {
        if !self.image_is_instantiated {
            self.image_is_instantiated = true;
            instances.instantiate(self.main + 1, std::iter::empty::<(&str, ModuleArg)>());
        }
        for instance in section {
            match instance? {
                Instance::Instantiate { module_index, args } if module_index == self.main => {
                    let args = args.iter().map(|arg| {
                        (
                            arg.name,
                            ModuleArg::Instance(self.instance_index(arg.index)),
                        )
                    });
                    let image = (IMAGE_IMPORT, ModuleArg::Instance(0));
                    let args: Vec<_> = args.chain([image]).collect();
                    instances.instantiate(module_index, args);
                }
                other => self.parse_instance(instances, other)?,
            }
        }
        Ok(())
    }
}
