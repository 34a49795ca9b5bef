//! Components whose code takes longer to compile than anybody would wait.

use std::time::Duration;

use roost::sandbox::{Bot, Compiler, Sandbox, SandboxSettings};
use wasm_encoder::{
    BlockType, CodeSection, Component, Function, FunctionSection, InstanceSection, Module,
    ModuleArg, ModuleSection, TypeSection, ValType,
};

fn sandbox(compiler: Compiler) -> Sandbox {
    let settings = SandboxSettings {
        instances: 2,
        compiler: Some(compiler),
        ..SandboxSettings::default()
    };
    Sandbox::new(settings).unwrap()
}

fn compiler() -> Compiler {
    Compiler::new(env!("CARGO_BIN_EXE_roost"))
}

/// One function with so many locals and blocks: what cranelift needs for it grows with their product.
fn component(locals: u32, blocks: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut function = Function::new([(locals, ValType::I32)]);
    let mut code = function.instructions();
    for block in 0..blocks {
        code.block(BlockType::Empty)
            .local_get(block % locals)
            .br_if(0)
            .local_get(block.wrapping_mul(7) % locals)
            .i32_const(3)
            .i32_add()
            .local_set(block.wrapping_mul(13) % locals)
            .end();
    }
    code.end();
    let mut codes = CodeSection::new();
    codes.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&codes);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    let mut instances = InstanceSection::new();
    let none: [(&str, ModuleArg); 0] = [];
    instances.instantiate(0, none);
    component.section(&instances);
    component.finish()
}

fn refusal(sandbox: &Sandbox, component: &[u8]) -> String {
    let error = Bot::load(sandbox, component).err();
    format!("{:#}", error.expect("it is taken"))
}

#[test]
fn what_takes_too_long_to_compile_is_ended_and_keeps_up_nobody() {
    let sandbox = sandbox(compiler().within(Duration::from_secs(5)));
    let bomb = component(1_000, 60_000);
    let other = super::read("probes_wasi");
    std::thread::scope(|scope| {
        let bombs = [(); 2].map(|()| scope.spawn(|| refusal(&sandbox, &bomb)));
        // It is compiled beside them.
        let small = refusal(&sandbox, &component(3, 3));
        assert!(!small.contains("takes more than"), "{small}");
        for bomb in bombs {
            let said = bomb.join().unwrap();
            assert!(said.contains("takes more than 5 s to compile"), "{said}");
        }
    });
    let patient = self::sandbox(compiler());
    Bot::load(&patient, &other).unwrap();
}

#[test]
fn what_the_compiler_says_is_told() {
    let sandbox = sandbox(compiler());
    // A function that leaves nothing where its type wants a number: large, so that it goes out.
    let mut large = component(100, 4_000);
    let end = large.len() - 20;
    large[end] = 0xff;
    let said = refusal(&sandbox, &large);
    assert!(!said.is_empty() && !said.contains("takes"), "{said}");
}

#[test]
fn a_compiler_that_is_not_there_is_named() {
    let sandbox = sandbox(Compiler::new("/nowhere/roost"));
    let said = refusal(&sandbox, &component(100, 4_000));
    assert!(said.contains("No such file"), "{said}");
}

#[test]
fn what_is_small_is_compiled_elsewhere_too() {
    let sandbox = sandbox(Compiler::new("/nowhere/roost"));
    let said = refusal(&sandbox, &component(3, 3));
    assert!(said.contains("No such file"), "{said}");
}

#[test]
fn what_comes_to_too_much_is_refused_before_it_is_compiled() {
    // Who would compile it is not there, and is not asked.
    let sandbox = sandbox(Compiler::new("/nowhere/roost"));
    for (bomb, because) in super::bombs() {
        let said = refusal(&sandbox, &bomb);
        assert!(said.contains(because), "{said}");
    }
}
