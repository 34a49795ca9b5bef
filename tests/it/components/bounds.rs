//! What a component may have of the host's memory and time, and what stops it.

use std::time::Duration;

use bytes::Bytes;
use roost::capabilities::Grants;
use roost::sandbox::{Bot, Budget, Instance, RunError, Sandbox, SandboxSettings};
use wasm_encoder::{
    Component, ComponentTypeSection, NestedComponentSection, PrimitiveValType, RawSection,
};

use super::wat::Wat;

fn sandbox() -> Sandbox {
    let settings = SandboxSettings {
        instances: 2,
        ..SandboxSettings::default()
    };
    Sandbox::new(settings).unwrap()
}

/// How an event of the component ends. A handler that finds no bound crashes: here, one that is stopped does not answer.
async fn ends(component: &Wat<'_>) -> RunError {
    let sandbox = sandbox();
    let bot = Bot::load(&sandbox, &component.bytes()).unwrap();
    let ended = runs(&bot).await;
    // The next one has its place.
    let bot = Bot::load(&sandbox, &Wat::default().bytes()).unwrap();
    assert!(is_quiet(&runs(&bot).await), "the sandbox does not go on");
    ended
}

async fn runs(bot: &Bot) -> RunError {
    let budget = Budget {
        cpu: Duration::from_millis(500),
        wall: Duration::from_secs(30),
        ..Budget::default()
    };
    let mut instance = match Instance::start(bot, budget, Grants::none()).await {
        Ok(instance) => instance,
        Err(error) => return error,
    };
    let request = http::Request::post("http://bot.local/webhook").body(Bytes::new());
    instance.handle(request.unwrap()).await.unwrap_err()
}

fn is_quiet(error: &RunError) -> bool {
    matches!(error, RunError::NoAnswer(_))
}

#[track_caller]
fn refused(component: &[u8], because: &str) {
    let error = Bot::load(&sandbox(), component).err();
    let error = format!("{:#}", error.expect("it is taken"));
    assert!(error.contains(because), "{error}");
}

#[tokio::test]
async fn a_start_function_runs_in_the_events_time() {
    let loops = Wat {
        items: "(func $top (loop br 0)) (start $top)",
        ..Wat::default()
    };
    let error = ends(&loops).await;
    assert!(matches!(error, RunError::Cpu(_)), "{error:?}");
}

#[tokio::test]
async fn a_start_function_that_crashes_is_the_bots_fault() {
    let crashes = Wat {
        items: "(func $top unreachable) (start $top)",
        ..Wat::default()
    };
    let error = ends(&crashes).await;
    assert!(matches!(error, RunError::Trap(_)), "{error:?}");
}

#[tokio::test]
async fn a_memory_that_begins_or_grows_beyond_the_budget_is_refused() {
    let begins = Wat {
        limits: "2049",
        ..Wat::default()
    };
    let grows = Wat {
        items: "(func $top (memory.grow (i32.const 2048)) i32.const -1 i32.eq (if (then unreachable))) (start $top)",
        ..Wat::default()
    };
    for component in [begins, grows] {
        let error = ends(&component).await;
        assert!(matches!(error, RunError::Memory(_)), "{error:?}");
    }
}

#[tokio::test]
async fn the_fields_of_http_hold_no_more_than_headers_do() {
    let hoards = Wat {
        // Sixteen values of a kibibyte, and what goes with each.
        handle: r#"
      call $new
      local.set $i
      (loop $more
        (call $append (local.get $i) (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1024) (i32.const 4096))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $j) (i32.const 16))))
      unreachable"#,
        items: r#"(func $top
        (memory.fill (i32.const 0) (i32.const 97) (i32.const 2048))) (start $top)"#,
        ..Wat::default()
    };
    let error = ends(&hoards).await;
    assert!(matches!(error, RunError::Trap(_)), "{error:?}");
    let said = error.chain();
    assert!(
        said.contains("total size of fields exceeds limit"),
        "{said}"
    );
}

#[tokio::test]
async fn an_instance_has_so_many_handles_and_no_more() {
    let hoards = |most: u32| {
        format!(
            "(loop $more
        (drop (call $new))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $j) (i32.const {most}))))"
        )
    };
    let handle = hoards(11_000);
    let enough = Wat {
        handle: &handle,
        ..Wat::default()
    };
    let error = ends(&enough).await;
    assert!(is_quiet(&error), "{error:?}");
    let handle = hoards(13_000);
    let too_many = Wat {
        handle: &handle,
        ..Wat::default()
    };
    let error = ends(&too_many).await;
    assert!(matches!(error, RunError::Trap(_)), "{error:?}");
    let said = error.chain();
    assert!(
        said.contains("handle limit exceeded") || said.contains("no free keys"),
        "{said}"
    );
}

#[tokio::test]
async fn a_table_grows_to_its_limit_and_no_further() {
    let grows = |to: u32| {
        format!(
            "(if (i32.ne (table.grow (ref.null func) (i32.const {to})) (i32.const -1)) (then unreachable))"
        )
    };
    let handle = grows(20_000);
    let items = "(table 1 funcref)";
    let error = ends(&Wat {
        handle: &handle,
        items,
        ..Wat::default()
    })
    .await;
    assert!(is_quiet(&error), "{error:?}");
    let handle = grows(19_999);
    let error = ends(&Wat {
        handle: &handle,
        items,
        ..Wat::default()
    })
    .await;
    assert!(matches!(error, RunError::Trap(_)), "{error:?}");
}

#[test]
fn a_component_has_so_many_tables_instances_and_globals() {
    let with = |items: &str, rest: &str| {
        Wat {
            items,
            rest,
            ..Wat::default()
        }
        .bytes()
    };
    refused(
        &with(&"(table 1 funcref)".repeat(5), ""),
        "tables count of 5 exceeds",
    );
    let instances = "(core instance (instantiate $Empty))".repeat(130);
    let instances = format!("(core module $Empty) {instances}");
    refused(
        &with("", &instances),
        "exceeds the configured maximum of 128",
    );
    let globals = "(global (mut i64) (i64.const 0))".repeat(70_000);
    refused(&with(&globals, ""), "exceeds the configured maximum");
}

#[test]
fn what_needs_a_heap_or_memory_outside_of_the_budget_is_refused() {
    for (items, because) in [
        ("(type (struct (field i32)))", "gc feature"),
        ("(tag (param i32))", "exceptions"),
        ("(memory 1 1 shared)", "threads"),
    ] {
        let component = Wat {
            items,
            ..Wat::default()
        };
        refused(&component.bytes(), because);
    }
}

#[test]
fn what_is_nested_without_end_is_refused_and_not_followed() {
    let mut nested = Component::new();
    for _ in 0..2_000 {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&nested));
        nested = outer;
    }
    assert!(Bot::load(&sandbox(), &nested.finish()).is_err());

    let mut types = ComponentTypeSection::new();
    types.defined_type().list(PrimitiveValType::U8);
    for inner in 0..20_000 {
        types
            .defined_type()
            .list(wasm_encoder::ComponentValType::Type(inner));
    }
    let mut component = Component::new();
    component.section(&types);
    assert!(Bot::load(&sandbox(), &component.finish()).is_err());
    // Whatever is no section at all.
    let mut component = Component::new();
    component.section(&RawSection {
        id: 200,
        data: &[0xff; 64],
    });
    assert!(Bot::load(&sandbox(), &component.finish()).is_err());
}

#[test]
fn what_was_compiled_is_kept_for_a_bot_that_serves_and_for_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        instances: 2,
        cache: Some(folder.path().into()),
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::new(settings).unwrap();
    let compiled = || {
        let files = std::fs::read_dir(folder.path().join("bots")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files
            .filter(|file| file.extension().is_some_and(|end| end == "cwasm"))
            .count()
    };
    let component = Wat::default().bytes();
    let first = Bot::load(&sandbox, &component).unwrap();
    assert_eq!(compiled(), 1);
    // Who found it there does not take it away.
    Bot::load(&sandbox, &component).unwrap().forget();
    assert_eq!(compiled(), 1);
    first.forget();
    assert_eq!(compiled(), 0);
    assert!(Bot::load(&sandbox, &component).is_ok());
}
