//! What TypeScript adds to decorated classes with `emitDecoratorMetadata`, and the bundler does not:
//! the types of constructors' parameters, by which dependencies are injected.
//!
//! Each class and member that has decorators is given one more, behind its own, which says its types.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Class, ClassElement, Decorator, FormalParameters, Function, MethodDefinitionKind, TSLiteral,
    TSType, TSTypeAnnotation, TSTypeName,
};
use oxc_semantic::{Semantic, SymbolFlags};

/// What is added in a module: where, and what.
pub(super) fn additions(semantic: &Semantic<'_>) -> Vec<(u32, String)> {
    let types = Types { semantic };
    let mut added = Vec::new();
    for node in semantic.nodes().iter() {
        if let AstKind::Class(class) = node.kind() {
            types.of_class(class, &mut added);
        }
    }
    added
}

struct Types<'a, 's> {
    semantic: &'s Semantic<'a>,
}

impl<'a> Types<'a, '_> {
    fn of_class(&self, class: &Class<'a>, added: &mut Vec<(u32, String)>) {
        let constructor = class.body.body.iter().find_map(|element| match element {
            ClassElement::MethodDefinition(method)
                if method.kind == MethodDefinitionKind::Constructor =>
            {
                method.value.body.as_ref().map(|_| &*method.value)
            }
            _ => None,
        });
        let injects = constructor.is_some_and(|constructor| has_decorator(&constructor.params));
        if let Some(end) = end(&class.decorators) {
            if let Some(constructor) = constructor {
                added.push((
                    end,
                    metadata(&[("paramtypes", self.parameters(&constructor.params))]),
                ));
            }
        } else if injects && let Some(constructor) = constructor {
            // Only its parameters are decorated.
            added.push((
                class.span.start,
                format!(
                    "{} ",
                    metadata(&[("paramtypes", self.parameters(&constructor.params))]).trim_start()
                ),
            ));
        }
        for element in &class.body.body {
            match element {
                ClassElement::PropertyDefinition(property) => {
                    if let Some(end) = end(&property.decorators) {
                        added.push((
                            end,
                            metadata(&[(
                                "type",
                                self.annotated(property.type_annotation.as_deref()),
                            )]),
                        ));
                    }
                }
                ClassElement::MethodDefinition(method) => {
                    if let Some(end) = end(&method.decorators) {
                        added.push((end, metadata(&self.of_method(&method.value, method.kind))));
                    }
                }
                _ => {}
            }
        }
    }

    fn of_method(
        &self,
        method: &Function<'a>,
        kind: MethodDefinitionKind,
    ) -> Vec<(&'static str, String)> {
        match kind {
            MethodDefinitionKind::Get => vec![
                ("type", self.annotated(method.return_type.as_deref())),
                ("paramtypes", "[]".to_owned()),
            ],
            MethodDefinitionKind::Set => {
                let first = method
                    .params
                    .items
                    .first()
                    .and_then(|first| first.type_annotation.as_deref());
                vec![
                    ("type", self.annotated(first)),
                    ("paramtypes", self.parameters(&method.params)),
                ]
            }
            _ => vec![
                ("type", "Function".to_owned()),
                ("paramtypes", self.parameters(&method.params)),
                (
                    "returntype",
                    match (method.r#async, &method.return_type) {
                        (true, None) => "Promise".to_owned(),
                        (false, None) => "void 0".to_owned(),
                        (_, Some(annotation)) => self.of(&annotation.type_annotation),
                    },
                ),
            ],
        }
    }

    fn parameters(&self, parameters: &FormalParameters<'a>) -> String {
        let types = parameters
            .items
            .iter()
            .map(|parameter| self.annotated(parameter.type_annotation.as_deref()));
        format!("[{}]", types.collect::<Vec<_>>().join(","))
    }

    fn annotated(&self, annotation: Option<&TSTypeAnnotation<'a>>) -> String {
        annotation.map_or_else(
            || "Object".to_owned(),
            |annotation| self.of(&annotation.type_annotation),
        )
    }

    /// The value that stands for a type, as TypeScript chooses it.
    fn of(&self, kind: &TSType<'a>) -> String {
        let name = match kind {
            TSType::TSStringKeyword(_) | TSType::TSTemplateLiteralType(_) => "String",
            TSType::TSNumberKeyword(_) => "Number",
            TSType::TSBooleanKeyword(_) | TSType::TSTypePredicate(_) => "Boolean",
            TSType::TSBigIntKeyword(_) => "BigInt",
            TSType::TSSymbolKeyword(_) => "Symbol",
            TSType::TSVoidKeyword(_)
            | TSType::TSUndefinedKeyword(_)
            | TSType::TSNullKeyword(_)
            | TSType::TSNeverKeyword(_) => "void 0",
            TSType::TSArrayType(_) | TSType::TSTupleType(_) => "Array",
            TSType::TSFunctionType(_) | TSType::TSConstructorType(_) => "Function",
            TSType::TSParenthesizedType(inner) => return self.of(&inner.type_annotation),
            TSType::TSTypeOperatorType(operator) => return self.of(&operator.type_annotation),
            TSType::TSLiteralType(literal) => match &literal.literal {
                TSLiteral::BooleanLiteral(_) => "Boolean",
                TSLiteral::NumericLiteral(_) | TSLiteral::UnaryExpression(_) => "Number",
                TSLiteral::BigIntLiteral(_) => "BigInt",
                TSLiteral::StringLiteral(_) | TSLiteral::TemplateLiteral(_) => "String",
            },
            TSType::TSUnionType(union) => {
                let mut types: Vec<_> = union.types.iter().map(|kind| self.of(kind)).collect();
                // What may be nothing is still of its type.
                types.retain(|name| name != "void 0");
                types.dedup();
                return match types.as_slice() {
                    [only] => only.clone(),
                    [] => "void 0".to_owned(),
                    _ => "Object".to_owned(),
                };
            }
            TSType::TSTypeReference(reference) => return self.named(&reference.type_name),
            _ => "Object",
        };
        name.to_owned()
    }

    fn named(&self, name: &TSTypeName<'a>) -> String {
        match name {
            TSTypeName::IdentifierReference(identifier) => {
                let name = identifier.name.as_str();
                let scoping = self.semantic.scoping();
                let symbol = identifier
                    .reference_id
                    .get()
                    .and_then(|id| scoping.get_reference(id).symbol_id());
                let Some(symbol) = symbol else {
                    // A global, if there is one of the name.
                    return guarded(name);
                };
                let flags = scoping.symbol_flags(symbol);
                if flags.intersects(SymbolFlags::Enum) {
                    return "Object".to_owned();
                }
                let is_value = flags.intersects(SymbolFlags::Value) || flags.is_import();
                let is_type =
                    flags.intersects(SymbolFlags::TypeImport) || (!is_value && !flags.is_import());
                match is_type {
                    true => "Object".to_owned(),
                    false => guarded(name),
                }
            }
            TSTypeName::QualifiedName(_) | TSTypeName::ThisExpression(_) => "Object".to_owned(),
        }
    }
}

/// A name that may stand for no value after all.
fn guarded(name: &str) -> String {
    format!("typeof {name}===\"undefined\"?Object:{name}")
}

fn has_decorator(parameters: &FormalParameters<'_>) -> bool {
    parameters
        .items
        .iter()
        .any(|parameter| !parameter.decorators.is_empty())
}

fn end(decorators: &[Decorator<'_>]) -> Option<u32> {
    decorators.last().map(|last| last.span.end)
}

/// Nothing happens where nobody has defined `Reflect.metadata`, as in what TypeScript writes.
fn metadata(entries: &[(&str, String)]) -> String {
    let calls = entries.iter().map(|(key, value)| {
        format!(" @(Reflect.metadata?Reflect.metadata(\"design:{key}\",{value}):()=>{{}})")
    });
    calls.collect()
}
