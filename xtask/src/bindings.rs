//! Writes the C tables by which the engine calls host functions.
//!
//! `wit-bindgen-c` gives a C type for every WIT type; a JavaScript engine wants
//! the opposite, one routine that walks any type. So this emits, for each
//! function of `roost:bot`, descriptors of its parameters and result in the
//! canonical ABI's memory layout, and a stub that makes the call from memory.
//! `sdk/engine/src/values.c` walks them. A new function in `wit/` needs no C.

use anyhow::{Result, bail};
use std::collections::HashMap;
use std::fmt::Write;
use wit_parser::abi::{AbiVariant, FlatTypes, WasmSignature, WasmType};
use wit_parser::{
    Function, FunctionKind, Handle, Int, InterfaceId, Resolve, SizeAlign, Type, TypeDefKind,
    TypeId, Variant, WorldId, WorldItem,
};

/// The package whose functions JavaScript may call.
const PACKAGE: (&str, &str) = ("roost", "bot");

/// Generates `functions.h`.
pub(crate) fn generate(resolve: &Resolve, world: WorldId) -> Result<String> {
    let mut sizes = SizeAlign::default();
    sizes.fill(resolve);
    let mut out = Tables {
        resolve,
        sizes,
        types: String::new(),
        stubs: String::new(),
        rows: Vec::new(),
        known: HashMap::new(),
    };
    for item in resolve.worlds[world].imports.values() {
        if let WorldItem::Interface { id, .. } = item
            && let Some(name) = interface_name(resolve, *id)
        {
            out.interface(&name, *id)?;
        }
    }
    let Tables {
        types, stubs, rows, ..
    } = out;
    let count = rows.len();
    Ok(format!(
        "/* Made by `cargo xtask engine` from wit/. */\n{types}\n{stubs}\n\
         static const function functions[] = {{\n{}\n}};\n\
         enum {{ FUNCTIONS = {count} }};\n",
        rows.join("\n")
    ))
}

/// The names of an interface of our package: `roost:bot/database` and with its version.
fn interface_name(resolve: &Resolve, id: InterfaceId) -> Option<InterfaceName> {
    let interface = &resolve.interfaces[id];
    let package = &resolve.packages[interface.package?].name;
    if (package.namespace.as_str(), package.name.as_str()) != PACKAGE {
        return None;
    }
    let plain = format!(
        "{}:{}/{}",
        package.namespace,
        package.name,
        interface.name.as_ref()?
    );
    let module = match &package.version {
        Some(version) => format!("{plain}@{version}"),
        None => plain.clone(),
    };
    Some(InterfaceName { plain, module })
}

struct InterfaceName {
    plain: String,
    module: String,
}

struct Tables<'a> {
    resolve: &'a Resolve,
    sizes: SizeAlign,
    types: String,
    stubs: String,
    rows: Vec<String>,
    known: HashMap<Type, usize>,
}

impl Tables<'_> {
    fn interface(&mut self, name: &InterfaceName, id: InterfaceId) -> Result<()> {
        let interface = &self.resolve.interfaces[id];
        for function in interface.functions.values() {
            self.function(name, function)?;
        }
        for (type_name, ty) in &interface.types {
            if matches!(self.resolve.types[*ty].kind, TypeDefKind::Resource) {
                self.drop_of(name, type_name);
            }
        }
        Ok(())
    }

    fn function(&mut self, interface: &InterfaceName, function: &Function) -> Result<()> {
        let is_async = matches!(
            function.kind,
            FunctionKind::AsyncFreestanding
                | FunctionKind::AsyncMethod(_)
                | FunctionKind::AsyncStatic(_)
        );
        let variant = if is_async {
            AbiVariant::GuestImportAsync
        } else {
            AbiVariant::GuestImport
        };
        let signature = self.resolve.wasm_signature(variant, function);
        let parameters: Vec<Type> = function.params.iter().map(|p| p.ty).collect();
        let members = self.members(parameters.iter().map(|ty| ("", *ty)))?;
        let layout = self.sizes.record(parameters.iter());
        let parameter_type = self.emit(
            "RECORD",
            &layout.size,
            layout.align.align_wasm32(),
            0,
            &members,
        );
        let result = function.result.map(|ty| self.describe(ty)).transpose()?;
        let prefix = if is_async { "[async-lower]" } else { "" };
        let import = format!("{prefix}{}", function.name);
        self.stub(&interface.module, &import, &signature, &parameters)?;
        let result = result.map_or("0".to_owned(), |n| format!("&t{n}"));
        let is_async = u8::from(is_async);
        self.rows.push(format!(
            "  {{ \"{}.{}\", &t{parameter_type}, {result}, {is_async}, call_{} }},",
            interface.plain,
            function.name,
            self.rows.len(),
        ));
        Ok(())
    }

    fn drop_of(&mut self, interface: &InterfaceName, resource: &str) {
        let n = self.rows.len();
        let _ = writeln!(
            self.stubs,
            "__attribute__((import_module(\"{}\"), import_name(\"[resource-drop]{resource}\")))\n\
             void import_{n}(uint32_t);\n\
             static uint32_t call_{n}(uint8_t *p, uint8_t *r) {{ (void)r; import_{n}(AT(uint32_t, p, 0)); return 0; }}",
            interface.module
        );
        let handle = self.emit("HANDLE", &4usize, 4, 0, &[]);
        let record = self.emit(
            "RECORD",
            &4usize,
            4,
            0,
            &[format!("{{ \"\", 0, &t{handle} }}")],
        );
        self.rows.push(format!(
            "  {{ \"{}.[drop]{resource}\", &t{record}, 0, 0, call_{n} }},",
            interface.plain
        ));
    }

    /// A function that makes the call with parameters and result in memory.
    fn stub(
        &mut self,
        module: &str,
        import: &str,
        signature: &WasmSignature,
        parameters: &[Type],
    ) -> Result<()> {
        let n = self.rows.len();
        let mut arguments = Vec::new();
        if signature.indirect_params {
            arguments.push("(uint32_t)(uintptr_t)p".to_owned());
        } else {
            let mut offset = 0usize;
            for ty in parameters {
                offset = align_to(offset, self.sizes.align(ty).align_wasm32());
                self.flatten(*ty, offset, &mut arguments)?;
                offset += self.sizes.size(ty).size_wasm32();
            }
        }
        if signature.retptr {
            arguments.push("(uint32_t)(uintptr_t)r".to_owned());
        }
        let types: Vec<&str> = signature.params.iter().map(c_type).collect();
        let (returns, before, after) = match signature.results.as_slice() {
            [] => ("void", "", " return 0;"),
            [WasmType::I32] if import.starts_with("[async-lower]") => ("uint32_t", "return ", ""),
            [WasmType::I32] => ("uint32_t", "AT(uint32_t, r, 0) = ", " return 0;"),
            [WasmType::I64] => ("uint64_t", "AT(uint64_t, r, 0) = ", " return 0;"),
            other => bail!("`{import}` returns {other:?}: let it return a pointer"),
        };
        let _ = writeln!(
            self.stubs,
            "__attribute__((import_module(\"{module}\"), import_name(\"{import}\")))\n\
             {returns} import_{n}({});\n\
             static uint32_t call_{n}(uint8_t *p, uint8_t *r) {{ (void)p; (void)r; {before}import_{n}({});{after} }}",
            if types.is_empty() {
                "void".to_owned()
            } else {
                types.join(", ")
            },
            arguments.join(", "),
        );
        Ok(())
    }

    /// The flat arguments of a value at an offset of the parameters' memory.
    fn flatten(&self, ty: Type, offset: usize, arguments: &mut Vec<String>) -> Result<()> {
        let scalar = |c: &str| format!("AT({c}, p, {offset})");
        match ty {
            Type::Bool | Type::U8 => arguments.push(scalar("uint8_t")),
            Type::S8 => arguments.push(scalar("int8_t")),
            Type::U16 => arguments.push(scalar("uint16_t")),
            Type::S16 => arguments.push(scalar("int16_t")),
            Type::U32 | Type::S32 | Type::Char => arguments.push(scalar("uint32_t")),
            Type::U64 | Type::S64 => arguments.push(scalar("uint64_t")),
            Type::F32 => arguments.push(scalar("float")),
            Type::F64 => arguments.push(scalar("double")),
            Type::String => flatten_list(offset, arguments),
            Type::ErrorContext => bail!("error contexts are not supported as parameters"),
            Type::Id(id) => self.flatten_defined(id, offset, arguments)?,
        }
        Ok(())
    }

    fn flatten_defined(
        &self,
        id: TypeId,
        offset: usize,
        arguments: &mut Vec<String>,
    ) -> Result<()> {
        match &self.resolve.types[id].kind {
            TypeDefKind::Type(ty) => self.flatten(*ty, offset, arguments),
            TypeDefKind::List(_) => {
                flatten_list(offset, arguments);
                Ok(())
            }
            TypeDefKind::Handle(_) => self.flatten(Type::U32, offset, arguments),
            TypeDefKind::Enum(cases) if cases.cases.len() <= 256 => {
                self.flatten(Type::U8, offset, arguments)
            }
            TypeDefKind::Record(record) => {
                let types: Vec<Type> = record.fields.iter().map(|f| f.ty).collect();
                for (at, ty) in self.sizes.field_offsets(types.iter()) {
                    self.flatten(*ty, offset + at.size_wasm32(), arguments)?;
                }
                Ok(())
            }
            TypeDefKind::Option(ty) => {
                self.flatten(Type::U8, offset, arguments)?;
                let payload = self.sizes.align(ty).align_wasm32();
                self.flatten(*ty, offset + payload, arguments)
            }
            TypeDefKind::Variant(variant) if variant.cases.len() <= 256 => {
                self.flatten_variant(id, variant, offset, arguments)
            }
            other => bail!("`{}` as a flat parameter is not supported", other.as_str()),
        }
    }

    /// The case, and then what any of them has: where one has less, nothing.
    fn flatten_variant(
        &self,
        id: TypeId,
        variant: &Variant,
        offset: usize,
        arguments: &mut Vec<String>,
    ) -> Result<()> {
        let mut storage = [WasmType::I32; 16];
        let mut joined = FlatTypes::new(&mut storage);
        if !self.resolve.push_flat(&Type::Id(id), &mut joined) {
            bail!("a variant of more than 16 flat parameters is not supported");
        }
        let case = format!("AT(uint8_t, p, {offset})");
        arguments.push(case.clone());
        let payload = offset
            + self
                .sizes
                .payload_offset(Int::U8, variant.cases.iter().map(|case| case.ty.as_ref()))
                .size_wasm32();
        let mut flat = Vec::new();
        for case in &variant.cases {
            let mut own = Vec::new();
            if let Some(ty) = case.ty {
                self.flatten(ty, payload, &mut own)?;
            }
            flat.push(own);
        }
        for (slot, joined) in joined.to_vec().iter().enumerate().skip(1) {
            if matches!(joined, WasmType::F32 | WasmType::F64) {
                bail!("a variant of floats as a flat parameter is not supported");
            }
            let to = c_type(joined);
            let chosen = flat.iter().enumerate().rev();
            let chosen = chosen.fold("0".to_owned(), |rest, (n, own)| match own.get(slot - 1) {
                Some(value) => format!("{case} == {n} ? ({to}){value} : {rest}"),
                None => rest,
            });
            arguments.push(format!("({chosen})"));
        }
        Ok(())
    }

    fn describe(&mut self, ty: Type) -> Result<usize> {
        let ty = self.dealias(ty);
        if let Some(n) = self.known.get(&ty) {
            return Ok(*n);
        }
        let n = match ty {
            Type::Id(id) => self.describe_defined(ty, id)?,
            _ => {
                let kind = match ty {
                    Type::Bool => "BOOL",
                    Type::U8 => "U8",
                    Type::S8 => "S8",
                    Type::U16 => "U16",
                    Type::S16 => "S16",
                    Type::U32 => "U32",
                    Type::S32 => "S32",
                    Type::U64 => "U64",
                    Type::S64 => "S64",
                    Type::F32 => "F32",
                    Type::F64 => "F64",
                    Type::String => "STRING",
                    other => bail!("{other:?} is not supported"),
                };
                self.emit_sized(kind, ty, 0, &[])
            }
        };
        self.known.insert(ty, n);
        Ok(n)
    }

    fn describe_defined(&mut self, ty: Type, id: TypeId) -> Result<usize> {
        let resolve = self.resolve;
        Ok(match &resolve.types[id].kind {
            TypeDefKind::Record(record) => {
                let fields = record.fields.iter().map(|f| (f.name.as_str(), f.ty));
                let members = self.members(fields)?;
                self.emit_sized("RECORD", ty, 0, &members)
            }
            TypeDefKind::Tuple(tuple) => {
                let members = self.members(tuple.types.iter().map(|ty| ("", *ty)))?;
                self.emit_sized("TUPLE", ty, 0, &members)
            }
            TypeDefKind::Variant(variant) => {
                let cases: Vec<_> = variant
                    .cases
                    .iter()
                    .map(|c| (c.name.as_str(), c.ty))
                    .collect();
                self.cases("VARIANT", ty, &cases)?
            }
            TypeDefKind::Enum(cases) => {
                let cases: Vec<_> = cases
                    .cases
                    .iter()
                    .map(|c| (c.name.as_str(), None))
                    .collect();
                self.cases("ENUM", ty, &cases)?
            }
            TypeDefKind::Option(some) => {
                let cases = [("none", None), ("some", Some(*some))];
                self.cases("OPTION", ty, &cases)?
            }
            TypeDefKind::Result(result) => {
                let cases = [("ok", result.ok), ("err", result.err)];
                self.cases("RESULT", ty, &cases)?
            }
            TypeDefKind::List(element) => {
                let element = self.describe(*element)?;
                self.emit_sized("LIST", ty, 0, &[format!("{{ \"\", 0, &t{element} }}")])
            }
            TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => {
                self.emit_sized("HANDLE", ty, 0, &[])
            }
            other => bail!("a {} is not supported", other.as_str()),
        })
    }

    fn cases(&mut self, kind: &str, ty: Type, cases: &[(&str, Option<Type>)]) -> Result<usize> {
        if cases.len() > 256 {
            bail!("more than 256 cases are not supported");
        }
        let payloads: Vec<Option<Type>> = cases.iter().map(|(_, ty)| *ty).collect();
        let offset = self
            .sizes
            .payload_offset(wit_parser::Int::U8, payloads.iter().map(Option::as_ref))
            .size_wasm32();
        let mut members = Vec::new();
        for (name, payload) in cases {
            let payload = match payload {
                Some(ty) => format!("&t{}", self.describe(*ty)?),
                None => "0".to_owned(),
            };
            members.push(format!("{{ \"{name}\", {offset}, {payload} }}"));
        }
        Ok(self.emit_sized(kind, ty, offset, &members))
    }

    fn members<'t>(
        &mut self,
        fields: impl Iterator<Item = (&'t str, Type)>,
    ) -> Result<Vec<String>> {
        let mut members = Vec::new();
        let mut offset = 0usize;
        for (name, ty) in fields {
            offset = align_to(offset, self.sizes.align(&ty).align_wasm32());
            let described = self.describe(ty)?;
            members.push(format!(
                "{{ \"{}\", {offset}, &t{described} }}",
                camel(name)
            ));
            offset += self.sizes.size(&ty).size_wasm32();
        }
        Ok(members)
    }

    fn emit_sized(&mut self, kind: &str, ty: Type, payload: usize, members: &[String]) -> usize {
        let size = self.sizes.size(&ty);
        let align = self.sizes.align(&ty).align_wasm32();
        self.emit(kind, &size, align, payload, members)
    }

    fn emit(
        &mut self,
        kind: &str,
        size: &impl Size32,
        align: usize,
        payload: usize,
        members: &[String],
    ) -> usize {
        let n = self.types.matches("static const type ").count();
        let list = if members.is_empty() {
            "0".to_owned()
        } else {
            let _ = writeln!(
                self.types,
                "static const member m{n}[] = {{ {} }};",
                members.join(", ")
            );
            format!("m{n}")
        };
        let _ = writeln!(
            self.types,
            "static const type t{n} = {{ {kind}, {}, {}, {align}, {payload}, {list} }};",
            members.len(),
            size.size32(),
        );
        n
    }

    fn dealias(&self, ty: Type) -> Type {
        match ty {
            Type::Id(id) => match self.resolve.types[id].kind {
                TypeDefKind::Type(inner) => self.dealias(inner),
                _ => ty,
            },
            _ => ty,
        }
    }
}

trait Size32 {
    fn size32(&self) -> usize;
}

impl Size32 for usize {
    fn size32(&self) -> usize {
        *self
    }
}

impl Size32 for wit_parser::ArchitectureSize {
    fn size32(&self) -> usize {
        self.size_wasm32()
    }
}

fn flatten_list(offset: usize, arguments: &mut Vec<String>) {
    arguments.push(format!("AT(uint32_t, p, {offset})"));
    arguments.push(format!("AT(uint32_t, p, {})", offset + 4));
}

fn align_to(offset: usize, align: usize) -> usize {
    offset.div_ceil(align) * align
}

fn c_type(ty: &WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "uint32_t",
        WasmType::I64 | WasmType::PointerOrI64 => "uint64_t",
        WasmType::F32 => "float",
        WasmType::F64 => "double",
    }
}

/// `reply-to` as JavaScript writes it: `replyTo`.
fn camel(kebab: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in kebab.chars() {
        match c {
            '-' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use wit_parser::{Resolve, WorldItem};

    #[test]
    fn every_item_of_the_package_says_since_when_it_is_there() {
        let mut resolve = Resolve::default();
        let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
        let (package, _) = resolve.push_dir(wit).unwrap();

        let mut silent = Vec::new();
        for (name, id) in &resolve.packages[package].interfaces {
            let interface = &resolve.interfaces[*id];
            let own = [(name, interface.stability.is_stable())];
            let types = interface.types.iter();
            let types = types.map(|(name, ty)| (name, resolve.types[*ty].stability.is_stable()));
            let functions = interface.functions.iter();
            let functions =
                functions.map(|(name, function)| (name, function.stability.is_stable()));
            let items = own.into_iter().chain(types).chain(functions);
            let items = items.filter(|(_, says_so)| !says_so);
            silent.extend(items.map(|(item, _)| format!("{name}: {item}")));
        }
        let world = resolve.packages[package].worlds["capabilities"];
        for item in resolve.worlds[world].imports.values() {
            if let WorldItem::Interface { id, stability, .. } = item
                && !stability.is_stable()
            {
                silent.push(format!("{:?} in the world", resolve.interfaces[*id].name));
            }
        }
        assert!(
            silent.is_empty(),
            "write `@since(version = …)` before {silent:#?}"
        );
    }
}
