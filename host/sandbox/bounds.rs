//! What a component may come to, counted before anybody reads it closely.
//!
//! Wasmtime makes one flat list of a component and of all that it instantiates, as often as it does: each level that
//! instantiates the one before it twice is a few bytes, and doubles the list. Whoever reads nested types calls itself
//! at each level. And what a host takes in of a compiled component, it takes in under locks that all bots share. So it
//! is counted here first, by loops alone, in time that grows with the bytes and no faster.
//!
//! What toolchains make is far below: a component of CPython's has some hundred instances.

use std::collections::HashSet;
use std::ops::Range;

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentExternalKind,
    ComponentImport, ComponentInstance, ComponentOuterAliasKind, ComponentType, ComponentTypeRef,
    CoreType, Encoding, Parser, Payload, TypeSectionReader,
};

/// How deep components, and the types of components and instances, may be nested.
const MAX_DEPTH: usize = 16;

/// Instances, of modules and of components.
const MAX_INSTANCES: u64 = 1_000;

/// Functions that the component model makes: lifted, lowered, and its own.
const MAX_FUNCTIONS: u64 = 5_000;

/// What says how everything is linked: imports, exports, aliases, arguments and their names.
const MAX_LINK_BYTES: u64 = 4 << 20;

/// Types of the component model.
const MAX_TYPE_BYTES: u64 = 512 << 10;

/// Types of core modules within those, which toolchains have no use for.
const MAX_MODULE_TYPE_BYTES: u64 = 64 << 10;

/// Different types of functions in all core modules. Bots share a register of them.
const MAX_CORE_TYPES: usize = 5_000;
const MAX_CORE_TYPE_BYTES: u64 = 1 << 20;

/// Names that core modules import and export.
const MAX_NAME_BYTES: u64 = 16 << 20;

/// What a component has too much of.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    #[error("the component cannot be read: {0}")]
    Unreadable(String),
    #[error(
        "the component, or a type in it, is nested more than {} deep",
        MAX_DEPTH
    )]
    Depth,
    #[error(
        "the component makes more than {} instances, counting those of a component each time that it is instantiated",
        MAX_INSTANCES
    )]
    Instances,
    #[error("the component lifts and lowers more than {} functions", MAX_FUNCTIONS)]
    Functions,
    #[error(
        "the component's imports, exports, aliases and arguments come to more than {} MiB",
        MAX_LINK_BYTES >> 20
    )]
    Links,
    #[error("the component's types come to more than {} KiB", MAX_TYPE_BYTES >> 10)]
    Types,
    #[error(
        "the types of modules in the component come to more than {} KiB",
        MAX_MODULE_TYPE_BYTES >> 10
    )]
    ModuleTypes,
    #[error(
        "the component's modules have more than {} different types of functions",
        MAX_CORE_TYPES
    )]
    CoreTypes,
    #[error(
        "the names that the component's modules import and export come to more than {} MiB",
        MAX_NAME_BYTES >> 20
    )]
    Names,
    #[error(
        "the component imports, exports or takes a component out of an instance\n  = instantiate it where it is defined"
    )]
    HandsComponentsOn,
}

impl From<BinaryReaderError> for TooMuch {
    fn from(error: BinaryReaderError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Counts what a component comes to.
pub(crate) fn check(component: &[u8]) -> Result<(), TooMuch> {
    let mut count = Count {
        component,
        levels: Vec::new(),
        link_bytes: 0,
        type_bytes: 0,
        module_type_bytes: 0,
        core_type_bytes: 0,
        name_bytes: 0,
        core_types: HashSet::new(),
    };
    for payload in Parser::new(0).parse_all(component) {
        count.add(&payload?)?;
    }
    Ok(())
}

/// What a component comes to each time that it is instantiated.
#[derive(Clone, Copy, Default)]
struct Size {
    instances: u64,
    functions: u64,
    link_bytes: u64,
    /// What it has of the components around it, which is copied with it.
    captured: u64,
}

impl Size {
    fn add(&mut self, more: Self) {
        add(&mut self.instances, more.instances);
        add(&mut self.functions, more.functions);
        add(&mut self.link_bytes, more.link_bytes);
    }

    fn is_within_bounds(&self) -> Result<(), TooMuch> {
        within(self.instances, MAX_INSTANCES, TooMuch::Instances)?;
        within(self.functions, MAX_FUNCTIONS, TooMuch::Functions)?;
        within(self.link_bytes, MAX_LINK_BYTES, TooMuch::Links)?;
        within(self.captured, MAX_LINK_BYTES, TooMuch::Links)
    }
}

/// A module or a component that is not over yet.
struct Level {
    is_component: bool,
    size: Size,
    /// Its components by index: those that are over, and those that it took from around it.
    components: Vec<Size>,
}

struct Count<'a> {
    component: &'a [u8],
    levels: Vec<Level>,
    /// As it stands, instantiated or not.
    link_bytes: u64,
    type_bytes: u64,
    module_type_bytes: u64,
    core_type_bytes: u64,
    name_bytes: u64,
    core_types: HashSet<&'a [u8]>,
}

impl<'a> Count<'a> {
    fn add(&mut self, payload: &Payload<'a>) -> Result<(), TooMuch> {
        match payload {
            Payload::Version { encoding, .. } => self.enter(*encoding),
            Payload::End(_) => self.leave(),
            Payload::TypeSection(section) => self.add_core_types(section.clone()),
            Payload::ImportSection(section) => self.add_names(section.range()),
            Payload::ExportSection(section) => self.add_names(section.range()),
            Payload::CoreTypeSection(section) => {
                self.add_module_types(section.range().len())?;
                self.add_links(section.range())
            }
            Payload::ComponentTypeSection(section) => {
                self.add_types(section.range())?;
                self.add_links(section.range())
            }
            Payload::ComponentCanonicalSection(section) => {
                add(&mut self.here()?.size.functions, section.count().into());
                self.add_links(section.range())
            }
            Payload::InstanceSection(section) => {
                add(&mut self.here()?.size.instances, section.count().into());
                self.add_links(section.range())
            }
            Payload::ComponentInstanceSection(section) => {
                self.add_links(section.range())?;
                for instance in section.clone() {
                    self.add_instance(&instance?)?;
                }
                Ok(())
            }
            Payload::ComponentAliasSection(section) => {
                self.add_links(section.range())?;
                for alias in section.clone() {
                    self.add_alias(&alias?)?;
                }
                Ok(())
            }
            Payload::ComponentImportSection(section) => {
                self.add_links(section.range())?;
                for import in section.clone() {
                    if let ComponentTypeRef::Component(_) = import?.ty {
                        return Err(TooMuch::HandsComponentsOn);
                    }
                }
                Ok(())
            }
            Payload::ComponentExportSection(section) => {
                self.add_links(section.range())?;
                for export in section.clone() {
                    if export?.kind == ComponentExternalKind::Component {
                        return Err(TooMuch::HandsComponentsOn);
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, encoding: Encoding) -> Result<(), TooMuch> {
        if self.levels.len() == MAX_DEPTH {
            return Err(TooMuch::Depth);
        }
        self.levels.push(Level {
            is_component: encoding == Encoding::Component,
            size: Size::default(),
            components: Vec::new(),
        });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), TooMuch> {
        let Some(over) = self.levels.pop() else {
            return Ok(());
        };
        if let Some(around) = self.levels.last_mut()
            && over.is_component
        {
            add(&mut around.size.link_bytes, over.size.captured);
            around.components.push(over.size);
            around.size.is_within_bounds()?;
        }
        Ok(())
    }

    fn here(&mut self) -> Result<&mut Level, TooMuch> {
        self.levels.last_mut().ok_or_else(|| nothing("component"))
    }

    /// What links: where it stands, and in the list that becomes of it.
    fn add_links(&mut self, range: Range<usize>) -> Result<(), TooMuch> {
        let bytes = range.len() as u64;
        add(&mut self.link_bytes, bytes);
        within(self.link_bytes, MAX_LINK_BYTES, TooMuch::Links)?;
        let level = self.here()?;
        add(&mut level.size.link_bytes, bytes);
        level.size.is_within_bounds()
    }

    fn add_names(&mut self, range: Range<usize>) -> Result<(), TooMuch> {
        add(&mut self.name_bytes, range.len() as u64);
        within(self.name_bytes, MAX_NAME_BYTES, TooMuch::Names)
    }

    fn add_module_types(&mut self, bytes: usize) -> Result<(), TooMuch> {
        add(&mut self.module_type_bytes, bytes as u64);
        within(
            self.module_type_bytes,
            MAX_MODULE_TYPE_BYTES,
            TooMuch::ModuleTypes,
        )
    }

    fn add_core_types(&mut self, section: TypeSectionReader<'a>) -> Result<(), TooMuch> {
        let range = section.range();
        add(&mut self.core_type_bytes, range.len() as u64);
        within(
            self.core_type_bytes,
            MAX_CORE_TYPE_BYTES,
            TooMuch::CoreTypes,
        )?;
        let mut before = None;
        for found in section.into_iter_with_offsets() {
            let (start, _) = found?;
            if let Some(before) = before.replace(start) {
                self.add_core_type(before..start)?;
            }
        }
        match before {
            Some(last) => self.add_core_type(last..range.end),
            None => Ok(()),
        }
    }

    fn add_core_type(&mut self, range: Range<usize>) -> Result<(), TooMuch> {
        self.core_types
            .insert(self.component.get(range).unwrap_or_default());
        match self.core_types.len() > MAX_CORE_TYPES {
            true => Err(TooMuch::CoreTypes),
            false => Ok(()),
        }
    }

    fn add_instance(&mut self, instance: &ComponentInstance<'_>) -> Result<(), TooMuch> {
        let level = self.here()?;
        add(&mut level.size.instances, 1);
        if let ComponentInstance::Instantiate {
            component_index, ..
        } = instance
        {
            let made = level.components.get(*component_index as usize);
            let made = *made.ok_or_else(|| nothing("component"))?;
            level.size.add(made);
            add(&mut level.size.link_bytes, made.captured);
        }
        level.size.is_within_bounds()
    }

    fn add_alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), TooMuch> {
        match alias {
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Component,
                ..
            } => Err(TooMuch::HandsComponentsOn),
            ComponentAlias::Outer { kind, count, index } => {
                self.add_outer(*kind, *count as usize, *index as usize)
            }
            _ => Ok(()),
        }
    }

    /// Each level between here and where it is has it from then on.
    fn add_outer(
        &mut self,
        kind: ComponentOuterAliasKind,
        count: usize,
        index: usize,
    ) -> Result<(), TooMuch> {
        let from = self.levels.len().checked_sub(count + 1);
        let from = from.ok_or_else(|| nothing("level"))?;
        let size = match kind {
            ComponentOuterAliasKind::Component => {
                let components = self.levels.get(from).map(|level| &level.components);
                let size = components.and_then(|components| components.get(index));
                Some(*size.ok_or_else(|| nothing("component"))?)
            }
            ComponentOuterAliasKind::CoreModule => None,
            ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => return Ok(()),
        };
        let captured = size.map_or(0, |size| size.captured);
        for level in self.levels.iter_mut().skip(from + 1) {
            add(&mut level.size.captured, captured.saturating_add(1));
        }
        let level = self.here()?;
        add(&mut level.size.link_bytes, captured);
        level.components.extend(size);
        level.size.is_within_bounds()
    }

    fn add_types(&mut self, range: Range<usize>) -> Result<(), TooMuch> {
        add(&mut self.type_bytes, range.len() as u64);
        within(self.type_bytes, MAX_TYPE_BYTES, TooMuch::Types)?;
        let bytes = self.component.get(range.clone()).unwrap_or_default();
        let mut reader = BinaryReader::new(bytes, range.start);
        // What each level still has, the section first.
        let mut left = vec![reader.read_var_u32()?];
        while let Some(here) = left.last_mut() {
            if *here == 0 {
                left.pop();
                continue;
            }
            *here -= 1;
            let is_type = left.len() == 1 || self.declares_type(&mut reader)?;
            if is_type && let Some(declarations) = opens(&mut reader)? {
                if left.len() == MAX_DEPTH {
                    return Err(TooMuch::Depth);
                }
                left.push(declarations);
            }
        }
        Ok(())
    }

    /// Reads a declaration of a component's or an instance's type, or that a type comes next.
    fn declares_type(&mut self, reader: &mut BinaryReader<'a>) -> Result<bool, TooMuch> {
        match reader.read_u8()? {
            0x00 => {
                let start = reader.original_position();
                reader.read::<CoreType<'_>>()?;
                self.add_module_types(reader.original_position() - start)?;
            }
            0x01 => return Ok(true),
            0x02 => {
                reader.read::<ComponentAlias<'_>>()?;
            }
            0x03 => {
                reader.read::<ComponentImport<'_>>()?;
            }
            0x04 => {
                reader.read::<ComponentExternName<'_>>()?;
                reader.read::<ComponentTypeRef>()?;
            }
            _ => return Err(nothing("declaration")),
        }
        Ok(false)
    }
}

/// How many declarations a type of a component or an instance has; another type is read.
fn opens(reader: &mut BinaryReader<'_>) -> Result<Option<u32>, TooMuch> {
    let mut ahead = reader.clone();
    if !matches!(ahead.read_u8()?, 0x41 | 0x42) {
        reader.read::<ComponentType<'_>>()?;
        return Ok(None);
    }
    let declarations = ahead.read_var_u32()?;
    *reader = ahead;
    Ok(Some(declarations))
}

fn add(to: &mut u64, more: u64) {
    *to = to.saturating_add(more);
}

fn within(found: u64, most: u64, or: TooMuch) -> Result<(), TooMuch> {
    match found > most {
        true => Err(or),
        false => Ok(()),
    }
}

fn nothing(what: &str) -> TooMuch {
    TooMuch::Unreadable(format!("it names a {what} that is not there"))
}

#[cfg(test)]
mod tests {
    use super::{TooMuch, check};
    use wasm_encoder::{Component, ComponentSectionId, RawSection};

    fn counted(text: &str) -> Result<(), TooMuch> {
        check(&wat::parse_str(text).unwrap())
    }

    /// Components that each have something twice of the one before.
    fn doubled(levels: usize, twice: impl Fn(usize) -> String) -> String {
        let levels = (1..=levels)
            .map(|level| format!("(component $c{level} {0} {0})", twice(level - 1)))
            .collect::<String>();
        format!("(component (component $c0) {levels}")
    }

    #[test]
    fn instances_count_each_time_that_their_component_is_instantiated() {
        let instantiates = |before| format!("(instance (instantiate $c{before}))");
        let bomb = |levels| {
            let components = doubled(levels, instantiates);
            counted(&format!(
                "{components} (instance (instantiate $c{levels})))"
            ))
        };
        assert_eq!(bomb(4), Ok(()));
        assert_eq!(bomb(24), Err(TooMuch::Instances));
        assert_eq!(bomb(200), Err(TooMuch::Instances));
    }

    #[test]
    fn what_a_component_takes_from_around_it_counts_with_it() {
        let takes = |before| format!("(alias outer 1 {before} (component))");
        let bomb = |levels| counted(&format!("{})", doubled(levels, takes)));
        assert_eq!(bomb(4), Ok(()));
        assert_eq!(bomb(40), Err(TooMuch::Links));
    }

    #[test]
    fn components_are_not_handed_on() {
        for text in [
            r#"(component (import "c" (component)))"#,
            r#"(component (component $c) (export "c" (component $c)))"#,
            r#"(component (import "i" (instance $i (export "c" (component))))
                (alias export $i "c" (component)))"#,
        ] {
            assert_eq!(counted(text), Err(TooMuch::HandsComponentsOn), "{text}");
        }
    }

    #[test]
    fn types_of_functions_are_counted_once_each() {
        let module = |types: usize| {
            let types = (0..types).map(|n| {
                let bits = (0..14).map(|bit| if (n >> bit) & 1 == 0 { "i32 " } else { "i64 " });
                format!("(type (func (param {})))", bits.collect::<String>())
            });
            format!("(core module {})", types.collect::<String>())
        };
        let twice = format!("(component {0} {0})", module(4_000));
        assert_eq!(counted(&twice), Ok(()));
        let many = format!("(component {})", module(6_000));
        assert_eq!(counted(&many), Err(TooMuch::CoreTypes));
    }

    #[test]
    fn what_is_nested_is_followed_to_a_depth_and_no_call_stack_is_needed() {
        let nested = |levels: usize| {
            let (open, close) = ("(component ".repeat(levels), ")".repeat(levels));
            counted(&format!("{open}{close}"))
        };
        assert_eq!(nested(10), Ok(()));
        assert_eq!(nested(40), Err(TooMuch::Depth));
        // An instance's type that declares one that declares one.
        let types = |levels: usize| {
            let mut data = vec![1_u8];
            data.extend([0x42, 1, 1].repeat(levels));
            data.push(0x7f);
            let section = RawSection {
                id: ComponentSectionId::Type.into(),
                data: &data,
            };
            let mut component = Component::new();
            component.section(&section);
            check(&component.finish())
        };
        assert_eq!(types(10), Ok(()));
        assert_eq!(types(100_000), Err(TooMuch::Depth));
        assert_eq!(types(300_000), Err(TooMuch::Types));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let mut component = Component::new();
        component.section(&RawSection {
            id: ComponentSectionId::Instance.into(),
            // One, of component 7, without arguments.
            data: &[1, 0, 7, 0],
        });
        let said = check(&component.finish()).unwrap_err().to_string();
        assert!(
            said.contains("names a component that is not there"),
            "{said}"
        );
        assert!(check(b"\0asm\x0d\0\x01\0\x07\x7f").is_err());
    }
}
