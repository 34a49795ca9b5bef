//! Components link by structure: what is out stays as it is, whatever the declaration of messages makes of it.

use std::path::Path;

use wit_parser::{Function, InterfaceId, Resolve, Type, TypeDefKind};

const FORMER: &str = "frozen/whatsapp-0.1.1.wit";

fn interface(resolve: &Resolve) -> InterfaceId {
    let mut all = resolve.interfaces.iter();
    let found = all.find(|(_, interface)| interface.name.as_deref() == Some("whatsapp"));
    found.unwrap().0
}

/// A type with all that is in it.
fn shape(resolve: &Resolve, ty: Type) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}");
    };
    let some = |ty: Option<Type>| ty.map_or("-".to_owned(), |ty| shape(resolve, ty));
    let joined = |parts: Vec<String>| parts.join(", ");
    match &resolve.types[id].kind {
        TypeDefKind::Type(inner) => shape(resolve, *inner),
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields =
                fields.map(|field| format!("{}: {}", field.name, shape(resolve, field.ty)));
            format!("{{{}}}", joined(fields.collect()))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let cases = cases.map(|case| format!("{}({})", case.name, some(case.ty)));
            format!("<{}>", joined(cases.collect()))
        }
        TypeDefKind::Enum(words) => {
            joined(words.cases.iter().map(|case| case.name.clone()).collect())
        }
        TypeDefKind::Tuple(tuple) => {
            let parts = tuple.types.iter().map(|ty| shape(resolve, *ty));
            format!("({})", joined(parts.collect()))
        }
        TypeDefKind::List(inner) => format!("[{}]", shape(resolve, *inner)),
        TypeDefKind::Option(inner) => format!("{}?", shape(resolve, *inner)),
        TypeDefKind::Result(result) => format!("{} or {}", some(result.ok), some(result.err)),
        other => panic!("a {} is not looked at", other.as_str()),
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters = function.params.iter();
    let parameters =
        parameters.map(|given| format!("{}: {}", given.name, shape(resolve, given.ty)));
    let parameters: Vec<_> = parameters.collect();
    let result = function.result.map(|ty| shape(resolve, ty));
    format!("{:?} {parameters:?} {result:?}", function.kind)
}

#[test]
fn what_components_of_0_1_1_link_to_is_as_it_was() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut former, mut now) = (Resolve::default(), Resolve::default());
    former.push_file(root.join(FORMER)).unwrap();
    now.push_dir(root.join("../wit")).unwrap();
    let (was, is) = (interface(&former), interface(&now));

    for (name, function) in &former.interfaces[was].functions {
        let same = now.interfaces[is].functions.get(name);
        let same = same.unwrap_or_else(|| panic!("`{name}` is gone"));
        assert_eq!(
            signature(&now, same),
            signature(&former, function),
            "`{name}` is another function: give the new one another name"
        );
    }
    for (name, id) in &former.interfaces[was].types {
        let same = now.interfaces[is].types.get(name);
        let same = same.unwrap_or_else(|| panic!("the type `{name}` is gone"));
        assert_eq!(
            shape(&now, Type::Id(*same)),
            shape(&former, Type::Id(*id)),
            "`{name}` is another type: give the new one another name"
        );
    }
}
