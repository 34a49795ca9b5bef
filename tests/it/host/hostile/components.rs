//! Components as no build makes them, handed in by the admin API. Each line is a test: its name, and why it is refused.

use wasm_encoder::{
    Component, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, InstanceType, Module,
};

use super::super::confined::refusal;
use super::attack::{Stage, runs};
use crate::components::bombs;

macro_rules! components {
    ($($name:ident: $because:literal;)+) => {
        pub(super) const ALL: &[&str] = &[$(stringify!($name)),+];

        $(
            #[test]
            fn $name() {
                is_refused(stringify!($name), &made::$name(), $because);
            }
        )+
    };
}

components! {
    has_millions_of_instances: "more than 1000 instances";
    has_thousands_of_types: "different types of functions";
    is_nested_without_end: "nested more than 16 deep";
    imports_a_draft: "a draft";
    imports_what_is_nobodys: "acme:billing/ledger";
    exports_nothing: "exports no `wasi:http/handler@0.3.0`";
    is_a_module: "is a WebAssembly module";
    ends_early: "unexpected end";
    is_no_component: "is neither";
}

/// The components.
mod made {
    use super::*;

    pub(super) fn has_millions_of_instances() -> Vec<u8> {
        bombs()[0].0.clone()
    }

    pub(super) fn has_thousands_of_types() -> Vec<u8> {
        bombs()[1].0.clone()
    }

    pub(super) fn is_nested_without_end() -> Vec<u8> {
        bombs()[2].0.clone()
    }

    fn importing(name: &str) -> Vec<u8> {
        let mut types = ComponentTypeSection::new();
        types.instance(&InstanceType::new());
        let mut imports = ComponentImportSection::new();
        imports.import(name, ComponentTypeRef::Instance(0));
        let mut component = Component::new();
        component.section(&types).section(&imports);
        component.finish()
    }

    pub(super) fn imports_a_draft() -> Vec<u8> {
        importing("wasi:http/types@0.3.0-rc-2025-09-16")
    }

    pub(super) fn imports_what_is_nobodys() -> Vec<u8> {
        importing("acme:billing/ledger")
    }

    pub(super) fn exports_nothing() -> Vec<u8> {
        Component::new().finish()
    }

    pub(super) fn is_a_module() -> Vec<u8> {
        Module::new().finish()
    }

    pub(super) fn ends_early() -> Vec<u8> {
        let mut whole = importing("acme:billing/ledger");
        whole.truncate(whole.len() - 3);
        whole
    }

    pub(super) fn is_no_component() -> Vec<u8> {
        vec![0; 1 << 20]
    }
}

/// Each has a project of its own: of two versions that are built at once, the older one gives way.
pub(super) fn project(name: &str) -> String {
    name.replace('_', "-")
}

fn is_refused(name: &str, component: &[u8], because: &str) {
    runs(async {
        let stage = Stage::enter().await;
        let refused = refusal(&stage.operator, &project(name), component.to_vec()).await;
        stage.goes_on().await;
        let refused = refused.expect("it is ready");
        let is_named = refused.contains(because);
        assert!(is_named, "refused for want of something else: {refused}");
    });
}
